namespace EnergyTTT.Cli.Selections;

/// <summary>The selector on a CUDA device.</summary>
internal static class GpuRoutingBenchmark
{
    public static IEnumerable<BenchCase> Run(double seconds) => throw new NotSupportedException("later");
}
