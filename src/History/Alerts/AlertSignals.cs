using System.Collections.Immutable;
using EnergyTTT.History.Series;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.History.Alerts;

/// <summary>How the reading of a signal comes about.</summary>
public enum AlertSource
{
    /// <summary>A metric of the catalogue, over the window.</summary>
    Metric,

    /// <summary>Several metrics of seconds, as a share of the window.</summary>
    Share,

    /// <summary>A metric over the window against the same over the past before it.</summary>
    Regression,

    /// <summary>The thermal forecast.</summary>
    Forecast,

    /// <summary>Sensors that a passport promises and the newest frame lacks.</summary>
    Sensors,

    /// <summary>Time since something was heard of last.</summary>
    Silence,

    /// <summary>The energy ledger.</summary>
    Ledger,

    /// <summary>Open rollouts.</summary>
    Rollouts,
}

/// <summary>Something that a rule can watch.</summary>
/// <param name="Name">The name to write into a rule.</param>
/// <param name="Unit">UCUM unit of its readings and thresholds.</param>
/// <param name="Source">How its reading comes about.</param>
/// <param name="Description">One sentence for a person.</param>
/// <param name="Per">One state per what is possible.</param>
/// <param name="Metrics">The metrics that it is made of; empty for what no series tells.</param>
public sealed record AlertSignal(string Name, string Unit, AlertSource Source, string Description, ImmutableArray<AlertPer> Per, ImmutableArray<Metric> Metrics)
{
    /// <summary>Whether its past is recorded, so that a rule can be tried on it.</summary>
    public bool IsRecorded => Source is AlertSource.Metric or AlertSource.Share or AlertSource.Regression or AlertSource.Ledger;
}

/// <summary>All signals: every metric of the catalogue by its own name, and those that are made of more than one series.</summary>
public static class AlertSignals
{
    private static readonly ImmutableArray<AlertPer> OfGpus = [AlertPer.Gpu, AlertPer.Host, AlertPer.Rack, AlertPer.Site, AlertPer.Fleet];

    /// <summary>All signals, those that are made of several first.</summary>
    public static ImmutableArray<AlertSignal> All { get; } =
    [
        new("seconds_to_thermal_limit", "s", AlertSource.Forecast, "Seconds until the die reaches its slowdown threshold if it goes on warming as the forecast says; at most 600. Of several GPUs the least.", OfGpus, []),
        new("throttle_ratio", "1", AlertSource.Share, "Share of the window in which heat or a power brake held the clocks down. A software power cap is not among it: watch throttle_sw_power_cap_seconds for that.", OfGpus,
            Metrics("throttle_sw_thermal_seconds", "throttle_hw_thermal_seconds", "throttle_power_brake_seconds")),
        new("joules_per_token_regression_ratio", "1", AlertSource.Regression, "Joules per token over the window against the same GPUs over the past before it: 0.1 is 10 % more.", OfGpus, Metrics("joules_per_token", "tokens")),
        new("silent_sensors", "{sensor}", AlertSource.Sensors, "Sensors that the GPU's passport promises and its newest frame lacks, while its agent speaks. Of several GPUs the sum.", OfGpus, []),
        new("agent_silence_seconds", "s", AlertSource.Silence, "Seconds since a frame of the GPU or host was received last; of a rack or site the longest.", OfGpus, []),
        new("ledger_residual_ratio", "1", AlertSource.Ledger, "What neither experts nor idling explain, as a share of what the GPUs counted, over the window.", [AlertPer.Deployment], []),
        new("rollout_stuck_seconds", "s", AlertSource.Rollouts, "Seconds since an open rollout last changed while it is paused or chosen routers do not apply it yet; 0 when all apply it.", [AlertPer.Rollout], []),
        .. MetricsCatalogue.All.Select(metric => new AlertSignal(metric.Name, metric.Unit, AlertSource.Metric, metric.Description, OfGpus, metric.Kind == MetricKind.Quotient ? [metric, .. Metrics("tokens")] : [metric])),
    ];

    private static readonly ImmutableDictionary<string, AlertSignal> ByName = All.ToImmutableDictionary(signal => signal.Name, StringComparer.Ordinal);

    /// <summary>The signal of that name; null when there is none.</summary>
    public static AlertSignal? Find(string? name) => name is null ? null : ByName.GetValueOrDefault(name);

    private static ImmutableArray<Metric> Metrics(params string[] names) => [.. names.Select(name => MetricsCatalogue.Find(name)!)]; // names of the catalogue
}
