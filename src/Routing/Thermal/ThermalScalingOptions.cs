using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Routing.Thermal;

/// <summary>How temperature and power become urgency.</summary>
public sealed record ThermalScalingOptions
{
    /// <summary>Thresholds for cards that report no slowdown threshold. Default 60, 75, 85 °C.</summary>
    public ThermalThresholds Thresholds { get; init; } = ThermalThresholds.Default;

    /// <summary>Degrees below its threshold at which a state is left again. Default 3, range 0 to 20.</summary>
    [Range(0, 20)]
    public double HysteresisCelsius { get; init; } = 3;

    /// <summary>Least time in a state before it may be left for a cooler one, in seconds. Default 5, range 0 to 600.</summary>
    [Range(0, 600)]
    public double MinimumDwellSeconds { get; init; } = 5;

    /// <summary>Scaling while cool and far from the power limit. Default 1, range 0.1 to 10; the urgency is the factor over this base.</summary>
    [Range(0.1, 10)]
    public double BaseScaling { get; init; } = 1;
}
