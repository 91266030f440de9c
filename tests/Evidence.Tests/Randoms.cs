namespace EnergyTTT.Evidence.Tests;

/// <summary>Normal numbers from a seed.</summary>
internal static class Randoms
{
    public static double Normal(this Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    public static double[] Normals(this Random random, int count, double mean, double deviation) => [.. Enumerable.Range(0, count).Select(_ => mean + deviation * random.Normal())];
}
