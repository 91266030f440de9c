using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Evidence.Promotions;

/// <summary>When a proposed bias may replace the one in force.</summary>
public sealed record PromotionOptions
{
    /// <summary>Probability of promoting anything that does not save, over all epochs of a router. Default 0.05, range 0.0001 to 0.5.</summary>
    [Range(0.0001, 0.5)]
    public double Alpha { get; init; } = 0.05;

    /// <summary>The upper bound of mean d must be below this. Default -0.01: a saving of 1 %. Range -1 to 0.</summary>
    [Range(-1, 0)]
    public double Margin { get; init; } = -0.01;

    /// <summary>Pairs of a test of fixed length. Default 12, range 6 to 10,000.</summary>
    [Range(6, 10000)]
    public int Pairs { get; init; } = 12;

    /// <summary>Greatest relative rise of the 95th percentile of latency. Default 0.02, range 0 to 1.</summary>
    [Range(0, 1)]
    public double LatencyTolerance { get; init; } = 0.02;
}
