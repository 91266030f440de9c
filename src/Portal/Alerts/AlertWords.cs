using EnergyTTT.History.Alerts;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.Portal.Alerts;

/// <summary>How alerts are written and drawn.</summary>
public static class AlertWords
{
    /// <summary>A state.</summary>
    public static string State(AlertState state) => state switch { AlertState.NoData => "no data", _ => AlertRuleView.Word(state) };

    /// <summary>A severity.</summary>
    public static string Severity(AlertSeverity severity) => severity.ToString().ToLowerInvariant();

    /// <summary>One state per what.</summary>
    public static string Per(AlertPer per) => per == AlertPer.Gpu ? "GPU" : per.ToString().ToLowerInvariant();

    /// <summary>A reading with its unit, scaled as everywhere in the portal.</summary>
    public static Reading Value(Display display, double? value, string unit)
    {
        ArgumentNullException.ThrowIfNull(display);
        return unit switch
        {
            "W" => display.Power(value),
            "J" => display.Energy(value),
            "Cel" => display.Celsius(value),
            "1" => display.Share(value),
            "s" => display.Duration(value),
            "Hz" => display.Clock(value),
            "By" => display.Bytes(value),
            _ => display.Plain(value, unit.Replace("{token}", "token", StringComparison.Ordinal).Trim('{', '}')),
        };
    }

    /// <summary>A rule in one sentence: <c>temperature_celsius above 80 °C for 30 s, per GPU</c>.</summary>
    public static string Sentence(Display display, AlertRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var unit = AlertSignals.Find(rule.Signal)?.Unit ?? "";
        var lasting = rule.ForSeconds > 0 ? $" for {display.Duration(rule.ForSeconds).Spoken}" : "";
        return $"{rule.Signal} {(rule.Comparison == AlertComparison.Above ? "above" : "below")} {Value(display, rule.Threshold, unit).Spoken}{lasting}, per {Per(rule.Per)}";
    }

    /// <summary>A thing as it is named on pages: the last part of its key.</summary>
    public static string Thing(AlertLabels labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return labels.Gpu is { } gpu && Wire.Gpus.GpuId.TryParse(gpu, out var id) ? Components.Links.Brief(id) : labels.Rollout is { } rollout ? "rollout " + rollout : labels.Deployment ?? labels.Host ?? labels.Rack ?? labels.Site ?? "fleet";
    }

    /// <summary>Where it stands; empty for the fleet.</summary>
    public static string Place(AlertLabels labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return string.Join(" › ", new[] { labels.Site, labels.Rack, labels.Host, labels.Deployment }.Where(part => part is not null && part != Thing(labels)));
    }

    /// <summary>The chart of one thing under a rule: its series with the threshold across them; null when no series tells it.</summary>
    public static AlertChart? Chart(AlertRule rule, AlertLabels labels)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(labels);
        var signal = AlertSignals.Find(rule.Signal);
        var filter = string.Concat(new[] { ("gpu", labels.Gpu), ("host", labels.Host), ("rack", labels.Rack), ("site", labels.Site) }.Where(part => part.Item2 is not null && !part.Item2.StartsWith("no ", StringComparison.Ordinal)).Select(part => $"&{part.Item1}={Uri.EscapeDataString(part.Item2!)}")); // filtered
        var statistic = rule.Statistic switch { AlertStatistic.Mean => "mean", AlertStatistic.Minimum => "min", AlertStatistic.Maximum => "max", _ => "natural" };
        ChartSeries One(string metric, string label, string colour, int dash = 0, string fold = "mean") => new(label, $"metric={metric}{filter}&aggregate={statistic}", colour, dash, fold);
        ChartLine[] lines = rule.Recovery is { } recovery && recovery != rule.Threshold ? [new(rule.Threshold, "threshold", true), new(recovery, "recovery", true)] : [new(rule.Threshold, "threshold", true)];
        return signal switch
        {
            null => null,
            { Source: AlertSource.Metric } => new(signal.Name, Unit(signal.Unit), [One(signal.Name, signal.Name, "series-1", fold: signal.Metrics[0].Kind == History.Series.MetricKind.Amount ? "sum" : "mean")], signal.Metrics[0].Kind == History.Series.MetricKind.Amount ? [] : lines),
            { Source: AlertSource.Share } => new("Clocks held down", "s", [.. signal.Metrics.Select((metric, i) => One(metric.Name, metric.Name["throttle_".Length..^"_seconds".Length].Replace('_', ' '), "series-" + (i + 2), i, "sum"))], []),
            { Source: AlertSource.Regression } => new("Joules per token", "J/token", [One("joules_per_token", "joules per token", "energy")], []),
            { Source: AlertSource.Forecast } => new("Temperature and margin", "°C", [One("temperature_celsius", "die", "temperature"), One("thermal_margin_celsius", "margin to slowdown", "margin", 1)], [new(0, "slowdown", true)]),
            { Source: AlertSource.Silence or AlertSource.Sensors } => new("Readings received", "readings", [One("samples", "readings", "series-1", fold: "sum")], []),
            _ => null,
        };
    }

    private static string Unit(string unit) => unit switch { "Cel" => "°C", "1" => "ratio", "By" => "B", "J/{token}" => "J/token", "{token}" => "tokens", "{sample}" => "readings", "kW.h" => "kWh", _ => unit };
}

/// <summary>A chart of one thing under a rule.</summary>
public sealed record AlertChart(string Title, string Unit, IReadOnlyList<ChartSeries> Series, IReadOnlyList<ChartLine> Lines);
