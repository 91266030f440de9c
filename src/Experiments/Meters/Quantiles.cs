namespace EnergyTTT.Experiments.Meters;

/// <summary>Figures of a few values of which some may be unknown.</summary>
internal static class Quantiles
{
    /// <summary>The quantile by nearest rank; null of no values.</summary>
    public static double? Of(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <summary>The mean of what is known; null of nothing.</summary>
    public static double? Mean(IEnumerable<double?> values)
    {
        List<double> known = [.. values.OfType<double>()];
        return known.Count > 0 ? known.Average() : null;
    }
}
