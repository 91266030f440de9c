using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Routing.Usage;

/// <summary>How much of the past is kept, and how hard the load balancer pulls.</summary>
public sealed record UsageOptions
{
    /// <summary>Windows in the ring. Default 100, range 2 to 10,000.</summary>
    [Range(2, 10000)]
    public int Windows { get; init; } = 100;

    /// <summary>Newest windows that control looks at. Default 10, range 2 to <see cref="Windows"/>.</summary>
    [Range(2, 10000)]
    public int RecentWindows { get; init; } = 10;

    /// <summary>Step u of the integral rule per window. Default 0.001, range 1e-6 to 1.</summary>
    [Range(1e-6, 1)]
    public double Step { get; init; } = 0.001;

    /// <summary>Relative error of load that is left alone. Default 0.05, range 0 to 1.</summary>
    [Range(0, 1)]
    public double Deadband { get; init; } = 0.05;

    /// <summary>What remains of the integral after each window. Default 0.999, range 0.5 to 1.</summary>
    [Range(0.5, 1)]
    public double Leak { get; init; } = 0.999;
}
