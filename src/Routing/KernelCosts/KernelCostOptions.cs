using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>Bounds of fitting and reading a cost table.</summary>
public sealed record KernelCostOptions
{
    /// <summary>Least coefficient of determination of an accepted fit. Default 0.9, range 0 to 1.</summary>
    [Range(0, 1)]
    public double LeastDetermination { get; init; } = 0.9;

    /// <summary>Greatest factor beyond the measured range that is still answered. Default 2, range 1 to 10.</summary>
    [Range(1, 10)]
    public double GreatestExtrapolation { get; init; } = 2;

    /// <summary>Prices count as equal when their spread is less than this many half-widths of its interval. Default 2, range 0 to 100.</summary>
    [Range(0, 100)]
    public double LeastSpreadOverInterval { get; init; } = 2;

    /// <summary>Least standard deviation that prices are divided by, relative to their mean. Default 1e-6, range 0 to 1.</summary>
    [Range(0, 1)]
    public double DeviationFloor { get; init; } = 1e-6;
}
