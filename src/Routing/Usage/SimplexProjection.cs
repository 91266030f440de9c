namespace EnergyTTT.Routing.Usage;

/// <summary>Projection onto the probability simplex.</summary>
public static class SimplexProjection
{
    /// <summary>
    /// The nearest distribution in Euclidean distance: <c>x_e = max(v_e - theta, 0)</c> with theta chosen such that the sum is 1. In place, <c>[experts]</c>; values that are not
    /// finite count as 0 before projecting, and no value at all stays none.
    /// </summary>
    /// <remarks>Source: Held, Wolfe and Crowder 1974; theta by sorting, as in Duchi et al. 2008, figure 1.</remarks>
    public static void Project(Span<double> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        var sorted = values.Length <= 512 ? stackalloc double[values.Length] : new double[values.Length];
        for (var e = 0; e < values.Length; e++)
        {
            values[e] = double.IsFinite(values[e]) ? values[e] : 0;
            sorted[e] = values[e];
        }

        sorted.Sort();
        double sum = 0, theta = 0;
        for (var i = 1; i <= sorted.Length; i++)
        {
            sum += sorted[^i];
            var candidate = (sum - 1) / i;
            if (sorted[^i] > candidate)
            {
                theta = candidate;
            }
        }

        for (var e = 0; e < values.Length; e++)
        {
            values[e] = Math.Max(values[e] - theta, 0);
        }
    }
}
