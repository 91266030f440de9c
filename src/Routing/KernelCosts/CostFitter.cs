using System.Globalization;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>Fits the linear energy model of one layer to measured points by weighted least squares.</summary>
public static class CostFitter
{
    /// <summary>Rows that a fit needs: with fewer, three coefficients and their intervals are guesswork.</summary>
    public const int LeastRows = 8;

    /// <summary>
    /// <c>E = fixed + a U + c S</c> and <c>t = t0 + alpha U + beta S</c>, each row weighted by <c>1 / E^2</c> (<c>1 / t^2</c>): the error of a counter that ticks is a share of the reading.
    /// Intervals are Student t at 95 %; <c>IdleWatts = fixed / t0</c> by the delta method.
    /// </summary>
    /// <returns>False with a reason when there are too few rows, U and S do not vary, or R2 is below the bound.</returns>
    /// <remarks>Source: router specification, 3.1. R2 is that of the weighted fit against the weighted mean.</remarks>
    public static bool TryFit(IReadOnlyList<KernelCostRecord> records, KernelCostOptions options, out CostFit? fit, out string? refusal)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(options);
        fit = null;
        var rows = records.Where(r => r.DistinctExperts is > 0 && r.TopK is > 0).ToList();
        if (rows.Count < LeastRows)
        {
            refusal = $"{rows.Count} rows with distinct experts and top-k, {LeastRows} needed: calibrate more points";
            return false;
        }

        var distinct = rows.Select(r => r.DistinctExperts!.Value).ToArray(); // both filtered above
        var slots = rows.Select(r => r.Tokens * r.TopK!.Value).ToArray();
        if (!LinearFit.TrySolve(distinct, slots, [.. rows.Select(r => r.EnergyJoules)], out var energy) || !LinearFit.TrySolve(distinct, slots, [.. rows.Select(r => r.LatencyMilliseconds)], out var time))
        {
            refusal = "distinct experts and token slots do not vary independently: calibrate several numbers of experts at several batch sizes";
            return false;
        }

        if (!(energy.Determination >= options.LeastDetermination))
        {
            refusal = string.Create(CultureInfo.InvariantCulture, $"R2 of the energy fit is {energy.Determination:0.000}, below {options.LeastDetermination}: the rows are too noisy or not of one layer shape; measure longer");
            return false;
        }

        // W = 1000 e0 / t0; relative variances add.
        var idle = 1000 * energy[0].Value / time[0].Value;
        var idleHalf = Math.Abs(idle) * Math.Sqrt(Math.Pow(energy[0].Ci95 / energy[0].Value, 2) + Math.Pow(time[0].Ci95 / time[0].Value, 2));
        fit = new(energy[1], energy[2], energy[0], time[1], time[2], time[0], new(idle, idleHalf), energy.Determination, rows.Count, rows.Max(r => r.Source));
        refusal = null;
        return true;
    }
}
