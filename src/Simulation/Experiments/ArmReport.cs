using EnergyTTT.Simulation.Engines;

namespace EnergyTTT.Simulation.Experiments;

/// <summary>What an arm did. All joules are modelled on simulated GPUs.</summary>
public sealed record ArmReport
{
    /// <summary>The arm.</summary>
    public required string Name { get; init; }

    /// <summary>All decode work.</summary>
    public required BatchSum Work { get; init; }

    /// <summary>The decode work of steps with exactly 16 sequences.</summary>
    public required BatchSum At16 { get; init; }

    /// <summary>Joules of all GPUs, idle time included.</summary>
    public required double FleetJoules { get; init; }

    /// <summary>Mean die temperature of the hottest rack in the second half, °C.</summary>
    public required double HottestRackCelsius { get; init; }

    /// <summary>How far that is above the same rack idling, °C.</summary>
    public required double HottestRackRiseCelsius { get; init; }

    /// <summary>Greatest die temperature, °C.</summary>
    public required double GreatestCelsius { get; init; }

    /// <summary>GPU-seconds slowed for heat.</summary>
    public required double ThermalThrottleSeconds { get; init; }

    /// <summary>The least share of its gate mass that any token kept.</summary>
    public required double LeastRetainedMass { get; init; }

    /// <summary>Joules per token of each minute, whole model while decoding.</summary>
    public required IReadOnlyList<double> JoulesPerTokenByMinute { get; init; }

    /// <summary>Joules per token of the MoE blocks at 16 sequences.</summary>
    public double BlockJoulesPerTokenAt16 => At16.BlockJoules / At16.Tokens;

    /// <summary>Joules per token of the whole model at 16 sequences.</summary>
    public double JoulesPerTokenAt16 => At16.Joules / At16.Tokens;

    /// <summary>Joules per token of the whole model, all batches.</summary>
    public double JoulesPerToken => Work.Joules / Work.Tokens;

    /// <summary>Joules per token of everything, idle time included.</summary>
    public double FleetJoulesPerToken => FleetJoules / Work.Tokens;

    /// <summary>Distinct experts per layer at 16 sequences.</summary>
    public double DistinctAt16 => At16.Distinct / At16.Steps;

    /// <summary>Mean retained mass.</summary>
    public double RetainedMass => Work.RetainedMass / Work.Tokens;
}
