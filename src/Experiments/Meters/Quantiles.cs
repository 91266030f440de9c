namespace EnergyTTT.Experiments.Meters;

/// <summary>Quantiles by nearest rank.</summary>
internal static class Quantiles
{
    /// <summary>The quantile of sorted values; null of none.</summary>
    public static double? Of(IReadOnlyList<double> sorted, double share) => sorted.Count == 0 ? null : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
}
