using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Wire.Runs;

/// <summary>How the joules of a run were measured, and on what: all that is needed to believe or to repeat them. Unknown is null.</summary>
public sealed record RunReceipt
{
    /// <summary>Edge of the first window, UTC.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Edge of the last window, UTC.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>The weakest origin of the joules.</summary>
    public required Origin Origin { get; init; }

    /// <summary>How the joules were obtained; null when nothing was measured, or in different ways.</summary>
    public EnergyMethod? EnergyMethod { get; init; }

    /// <summary>Whether windows began and ended on a tick of the counter.</summary>
    public bool EdgesAligned { get; init; }

    /// <summary>UUIDs of the GPUs; empty without one.</summary>
    public required IReadOnlyList<string> Gpus { get; init; }

    /// <summary>Product name of the GPUs.</summary>
    public string? GpuModel { get; init; }

    /// <summary>Version of the driver.</summary>
    public string? Driver { get; init; }

    /// <summary>Enforced power limit, watts.</summary>
    public double? PowerLimitWatts { get; init; }

    /// <summary>What computed, with versions: our model, TorchSharp, libtorch.</summary>
    public required string Engine { get; init; }

    /// <summary>Version of our code, with its commit where known.</summary>
    public required string CodeVersion { get; init; }

    /// <summary>Version of the policy in force; null: none, the settings of the run.</summary>
    public long? PolicyVersion { get; init; }

    /// <summary>Names the cost table that prices, or modelled joules, came from.</summary>
    public string? CalibrationId { get; init; }

    /// <summary>SHA-256 of the checkpoint's weights, lower-case hexadecimal.</summary>
    public string? ModelSha256 { get; init; }

    /// <summary>SHA-256 of the corpus as tokens, lower-case hexadecimal.</summary>
    public string? CorpusSha256 { get; init; }

    /// <summary>SHA-256 of the settings (canonical JSON of the parameters), lower-case hexadecimal.</summary>
    public required string SettingsSha256 { get; init; }

    /// <summary>Seed of the order of trials.</summary>
    public required long OrderSeed { get; init; }

    /// <summary>The order of arms that followed from the seed: names by position.</summary>
    public required IReadOnlyList<string> Order { get; init; }

    /// <summary>Resets of energy counters.</summary>
    public int CounterResets { get; init; }

    /// <summary>Seconds without readings.</summary>
    public double GapSeconds { get; init; }

    /// <summary>|counter - integral of power| / counter over all windows; null without both.</summary>
    public double? EnergyDisagreement { get; init; }

    /// <summary>Whether two arms of the same setting, interleaved with the others, showed a difference whose interval covers 0; null when there were none.</summary>
    public bool? AaRunCoversZero { get; init; }

    /// <summary>Operating system, processors and, where asked, the host's name.</summary>
    public required string Host { get; init; }

    /// <summary>Whether every comparison of the run may be published.</summary>
    public required bool Publishable { get; init; }

    /// <summary>Stable codes against publishing.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }
}
