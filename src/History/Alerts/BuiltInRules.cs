using System.Collections.Immutable;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.History.Alerts;

/// <summary>The rules that come with the product. They may be changed and deleted like any other; one that nobody has changed follows the product's next version.</summary>
public static class BuiltInRules
{
    /// <summary>All of them.</summary>
    public static ImmutableArray<AlertRule> All { get; } =
    [
        new("agent-gone", "agent_silence_seconds", 60, "Agent gone", Per: AlertPer.Host, ForSeconds: 0, RecoverSeconds: 30, Severity: AlertSeverity.Critical,
            Description: "No frame of this host arrives any more. Its GPUs are not steered by their heat and not counted. Look at the agent and at the network; frames wait on the host's disk and are replayed."),
        new("thermal-limit-near", "seconds_to_thermal_limit", 60, "Thermal limit within a minute", Comparison: AlertComparison.Below, Recovery: 120, ForSeconds: 20, Severity: AlertSeverity.Critical,
            Description: "By its forecast this GPU slows down within a minute. Lower its load or its power limit, look at the rack's air."),
        new("throttled-by-heat", "throttle_ratio", 0.05, "Slowed by heat or power brake", Recovery: 0.01, WindowSeconds: 60, ForSeconds: 60, Severity: AlertSeverity.Warning,
            Description: "More than 5 % of the last minute was spent with clocks held down by heat or an external power brake."),
        new("memory-hot", "memory_temperature_celsius", 95, "Memory hot", Recovery: 92, ForSeconds: 60, Severity: AlertSeverity.Warning,
            Description: "High-bandwidth memory above 95 °C refreshes more often and slows down soon."),
        new("joules-per-token-up", "joules_per_token_regression_ratio", 0.15, "More joules per token than in the hour before", Per: AlertPer.Fleet, Recovery: 0.08, WindowSeconds: 600, ForSeconds: 300, RecoverSeconds: 300, BaselineSeconds: 3600, Severity: AlertSeverity.Warning,
            Description: "The same GPUs take 15 % more energy for a token than in the hour before. Compare policy versions, batch sizes and clocks over both."),
        new("idle-waste", "idle_watts", 5_000, "Idle watts", Per: AlertPer.Fleet, Recovery: 4_000, WindowSeconds: 600, ForSeconds: 1800, RecoverSeconds: 300, Severity: AlertSeverity.Info,
            Description: "GPUs without work draw this much. Consolidate, or let them sleep."),
        new("silent-sensor", "silent_sensors", 0, "Silent sensor", ForSeconds: 60, Severity: AlertSeverity.Warning,
            Description: "A sensor that this GPU has, by its passport, stopped answering while others go on. What it would say is unknown, not zero."),
        new("residual-large", "ledger_residual_ratio", 0.35, "Energy ledger does not add up", Per: AlertPer.Deployment, Recovery: 0.3, WindowSeconds: 900, ForSeconds: 600, Severity: AlertSeverity.Info,
            Description: "More than a third of what the GPUs counted is explained neither by experts nor by idling: the cost table may be of another model or card. Calibrate it anew."),
        new("rollout-stuck", "rollout_stuck_seconds", 600, "Rollout stands still", Per: AlertPer.Rollout, Severity: AlertSeverity.Warning,
            Description: "A rollout is open and either paused or not applied by all of its routers for ten minutes. Promote it, roll it back, or look at the routers that do not answer."),
    ];
}
