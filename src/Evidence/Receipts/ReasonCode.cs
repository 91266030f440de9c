namespace EnergyTTT.Evidence.Receipts;

/// <summary>
/// Why a block, a pair or a saving does not count. The codes are stable: they are stored, queried and translated, never reworded.
/// </summary>
public static class ReasonCode
{
    /// <summary>Fewer pairs than the method needs.</summary>
    public const string TooFewPairs = "too_few_pairs";

    /// <summary>The numbers do not come from sensors.</summary>
    public const string NotMeasured = "not_measured";

    /// <summary>The energy counter was reset inside a window.</summary>
    public const string CounterReset = "counter_reset";

    /// <summary>Counter and integral of power differ by more than 5 %.</summary>
    public const string SensorDisagreement = "sensor_disagreement";

    /// <summary>Readings are missing inside a window.</summary>
    public const string Gap = "gap";

    /// <summary>A window is so short that the tick of the counter at its edges matters.</summary>
    public const string WindowTooShort = "window_too_short";

    /// <summary>No token was completed in a window.</summary>
    public const string NoTokens = "no_tokens";

    /// <summary>No energy was counted in a window, or it is not a number.</summary>
    public const string NoEnergy = "no_energy";

    /// <summary>The arms ran on different GPUs.</summary>
    public const string DifferentGpus = "different_gpus";

    /// <summary>The power limit changed between the arms.</summary>
    public const string DifferentPowerLimit = "different_power_limit";

    /// <summary>Phase or batch-size band differ within a pair.</summary>
    public const string DifferentWork = "different_work";

    /// <summary>The neighbouring block is of the same arm, or there is none.</summary>
    public const string NoPartner = "no_partner";

    /// <summary>The 95th percentile of latency is worse than allowed.</summary>
    public const string LatencyWorse = "latency_worse";

    /// <summary>Quality was worse than allowed: a token lost more gate mass than the guard permits, or perplexity rose too far.</summary>
    public const string QualityWorse = "quality_worse";

    /// <summary>More energy was used with steering than without.</summary>
    public const string EnergyWorse = "energy_worse";

    /// <summary>The bound of the saving does not reach the margin.</summary>
    public const string BoundAboveMargin = "bound_above_margin";

    /// <summary>No A/A run that covers 0 is known for this site.</summary>
    public const string NoAaRun = "no_aa_run";

    /// <summary>The order of the blocks was not randomised or interleaved.</summary>
    public const string NotInterleaved = "not_interleaved";

    /// <summary>GPU, driver, engine or code version are not recorded.</summary>
    public const string Undocumented = "undocumented";

    /// <summary>Joules per token times tokens per second does not give the watts within 5 %.</summary>
    public const string Inconsistent = "inconsistent";

    /// <summary>Heat or a power brake slowed the card in a window.</summary>
    public const string Throttled = "throttled";

    /// <summary>The card was a good deal warmer or colder than in the other windows of its arm.</summary>
    public const string ThermalDrift = "thermal_drift";

    /// <summary>The card behind the readings became another one.</summary>
    public const string GpuChanged = "gpu_changed";

    /// <summary>The arms did not decode the same tokens.</summary>
    public const string TokensDiffer = "tokens_differ";

    /// <summary>The GPU waited for its host so long that the joules are the host's as much as the model's.</summary>
    public const string GpuWaits = "gpu_waits";
}
