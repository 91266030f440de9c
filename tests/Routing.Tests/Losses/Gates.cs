using EnergyTTT.Routing.Losses;

namespace EnergyTTT.Routing.Tests.Losses;

/// <summary>Random gates for tests, from a seed.</summary>
internal static class Gates
{
    public static float[] Logits(int rows, int experts, int seed, double scale = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rows * experts).Select(_ => (float)(scale * Normal(random)))];
    }

    public static GateSample Sample(int rows, int experts, int seed, double scale = 1)
    {
        var sample = new GateSample(experts);
        sample.Add(Logits(rows, experts, seed, scale));
        return sample;
    }

    public static double[] Numbers(int count, int seed, double scale = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => scale * Normal(random))];
    }

    public static double[] Prices(int count, int seed)
    {
        var raw = Numbers(count, seed);
        var mean = raw.Average();
        var deviation = Math.Sqrt(raw.Average(v => (v - mean) * (v - mean)));
        return [.. raw.Select(v => (v - mean) / deviation)];
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
