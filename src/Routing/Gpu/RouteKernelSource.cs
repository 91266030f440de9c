namespace EnergyTTT.Routing.Gpu;

/// <summary>The CUDA source that travels inside this assembly.</summary>
internal static class RouteKernelSource
{
    public const string Name = "RouteKernel.cu";

    /// <summary>The text of <c>RouteKernel.cu</c>.</summary>
    public static string Text { get; } = Read();

    private static string Read()
    {
        using var stream = typeof(RouteKernelSource).Assembly.GetManifestResourceStream(Name)
            ?? throw new InvalidOperationException($"{Name} is missing from this build.");
        using var reader = new StreamReader(stream);

        return reader.ReadToEnd();
    }
}
