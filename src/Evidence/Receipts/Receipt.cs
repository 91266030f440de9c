using System.Collections.Immutable;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Evidence.Receipts;

/// <summary>How the joules of a run were measured: what a reader needs to believe, or to repeat, its figures. Unknown is null.</summary>
public sealed record Receipt
{
    /// <summary>Start of the first window, UTC.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>End of the last window, UTC.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>How the joules were obtained; null when in different ways.</summary>
    public required EnergyMethod? EnergyMethod { get; init; }

    /// <summary>The weakest origin of the joules.</summary>
    public required Origin Origin { get; init; }

    /// <summary>UUIDs of the GPUs.</summary>
    public ImmutableArray<string> Gpus { get; init; } = [];

    /// <summary>Product name of the GPUs.</summary>
    public string? GpuModel { get; init; }

    /// <summary>Version of the driver.</summary>
    public string? Driver { get; init; }

    /// <summary>Enforced power limit in watts.</summary>
    public double? PowerLimitWatts { get; init; }

    /// <summary>Engine and its version.</summary>
    public string? Engine { get; init; }

    /// <summary>Version of our own code.</summary>
    public string? CodeVersion { get; init; }

    /// <summary>Version of the policy in force.</summary>
    public long? PolicyVersion { get; init; }

    /// <summary>Names the cost table, where prices were used.</summary>
    public string? CalibrationId { get; init; }

    /// <summary>Seed of the order of blocks.</summary>
    public long? OrderSeed { get; init; }

    /// <summary>Resets of energy counters during the run.</summary>
    public int CounterResets { get; init; }

    /// <summary>Seconds without readings during the run.</summary>
    public double GapSeconds { get; init; }

    /// <summary>|counter - integral| / counter over the run; null without both.</summary>
    public double? EnergyDisagreement { get; init; }

    /// <summary>Whether an A/A run of the same set-up covered 0; null when none was made.</summary>
    public bool? AaRunCoversZero { get; init; }
}
