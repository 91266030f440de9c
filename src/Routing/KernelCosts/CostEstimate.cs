namespace EnergyTTT.Routing.KernelCosts;

/// <summary>How an estimate relates to the measured points.</summary>
public enum CostCoverage
{
    /// <summary>Between measured points, or on one.</summary>
    Interpolated = 0,

    /// <summary>Outside them by at most a factor of 2.</summary>
    Extrapolated = 1,

    /// <summary>Too far outside, or no such operation: there is no estimate.</summary>
    Refused = 2,
}

/// <summary>What a cost table says about one execution of an operation.</summary>
/// <param name="EnergyJoules">Joules per execution of one layer; null when refused.</param>
/// <param name="LatencyMilliseconds">Milliseconds per execution; null when refused.</param>
/// <param name="Coverage">How the estimate relates to the measured points.</param>
/// <param name="Source">The weakest source among the points used.</param>
/// <param name="Refusal">Why there is no estimate: the thing, the value, the bound and the way out; null otherwise.</param>
public readonly record struct CostEstimate(double? EnergyJoules, double? LatencyMilliseconds, CostCoverage Coverage, KernelCostSource Source, string? Refusal);
