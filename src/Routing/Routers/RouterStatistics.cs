using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Routers;

/// <summary>Where a router stands.</summary>
public sealed record RouterStatistics
{
    /// <summary>Name of the strategy.</summary>
    public required string Strategy { get; init; }

    /// <summary><c>ttt_update_count</c>: updates of the fast weights, each counted once.</summary>
    public required long TttUpdateCount { get; init; }

    /// <summary>Tokens routed.</summary>
    public required long TokensSeen { get; init; }

    /// <summary>Tokens since the last update.</summary>
    public required long TokensSinceUpdate { get; init; }

    /// <summary>Whole chunks seen.</summary>
    public required long Chunk { get; init; }

    /// <summary>Change of each term of the loss by the bias in force, last window.</summary>
    public required LossValue LossChange { get; init; }

    /// <summary>Spread of the bias, logits.</summary>
    public required double Spread { get; init; }

    /// <summary>Length of the fast term, logits.</summary>
    public required double Gamma { get; init; }

    /// <summary>Length of the price term, logits per standard price.</summary>
    public required double Lambda { get; init; }

    /// <summary>Learning scale of the last window: indifference x urgency x validity.</summary>
    public required double Eta { get; init; }

    /// <summary>Tokens whose choice the guard repaired.</summary>
    public required long GuardTrips { get; init; }

    /// <summary>Calls that fell back to the plain gate because their epoch had expired.</summary>
    public required long FallbackCount { get; init; }

    /// <summary>Rollbacks of the fast weights.</summary>
    public required int Rollbacks { get; init; }

    /// <summary>Measured blocks without steering.</summary>
    public required MeasuredArm Control { get; init; }

    /// <summary>Measured blocks under this router.</summary>
    public required MeasuredArm Treated { get; init; }

    /// <summary><c>avg_energy_savings_watts</c>: mean watts of the control less those treated; <see langword="null"/> without measured blocks of both. A description, no proof: that is a trial's.</summary>
    public required double? AverageEnergySavingsWatts { get; init; }

    /// <summary>Blocks that were not counted because their numbers were simulated or modelled.</summary>
    public required int BlocksNotMeasured { get; init; }

    /// <summary>The last scoreboard; <see langword="null"/> before the first.</summary>
    public required LossComponents? Scoreboard { get; init; }

    /// <summary>Names the cost table; empty without one.</summary>
    public required string CalibrationId { get; init; }

    /// <summary>Where the telemetry comes from; <see langword="null"/> without any.</summary>
    public required Origin? TelemetrySource { get; init; }

    /// <summary>Head-room of the GPU; <see langword="null"/> without telemetry.</summary>
    public required HealthScore? Health { get; init; }
}
