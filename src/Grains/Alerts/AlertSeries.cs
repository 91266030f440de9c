using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.History.Alerts;
using EnergyTTT.History.Series;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Grains.Alerts;

/// <summary>One thing's readings at a row of moments.</summary>
internal sealed record AlertRow(AlertLabels Labels, Origin Origin, double?[] Values);

/// <summary>
/// Reads signals of series for whole groups at once: one statement per metric, window, grouping and scope, however many GPUs there are and however many rules ask for it. Windows of minutes
/// change once a minute, so what was read for the same range is kept.
/// </summary>
internal sealed class AlertSeries(SeriesReader series)
{
    private readonly Dictionary<string, Kept> _kept = new(StringComparer.Ordinal);
    private long _round;

    /// <summary>Statements since the start.</summary>
    public long Statements { get; private set; }

    /// <summary>Begins a round: what no rule asks for any more is dropped.</summary>
    public void Begin()
    {
        foreach (var (key, kept) in _kept.Where(pair => pair.Value.Round < _round).ToList())
        {
            _kept.Remove(key);
        }

        _round++;
    }

    /// <summary>The end of the newest window that is complete.</summary>
    public static DateTimeOffset End(AlertRule rule, DateTimeOffset now)
    {
        // An agent sends once a second and the writer commits a moment later.
        var settled = now - TimeSpan.FromSeconds(3);
        return settled - TimeSpan.FromTicks((settled.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) % Step(rule).Ticks);
    }

    /// <summary>The distance of points that a rule is read in.</summary>
    public static TimeSpan Step(AlertRule rule) => TimeSpan.FromSeconds(AlertChecks.StepOf(rule.WindowSeconds));

    /// <summary>What everything reads whose window ends at each of the moments <paramref name="first"/>, one step later, ... up to <paramref name="last"/>.</summary>
    public async Task<ImmutableArray<AlertRow>> Read(AlertRule rule, AlertSignal signal, DateTimeOffset first, DateTimeOffset last, TimeSpan step, CancellationToken cancellationToken)
    {
        var back = TimeSpan.FromSeconds(rule.WindowSeconds) + (signal.Source == AlertSource.Regression ? WindowFold.Baseline(rule) : TimeSpan.Zero);
        var from = first - back;
        var metrics = new List<SeriesColumns>();
        foreach (var metric in signal.Metrics)
        {
            metrics.Add(await Columns(rule, metric, from, last, step, cancellationToken));
        }

        var moments = (int)((last - first) / step) + 1;
        var found = metrics.Select(columns => columns.Series.ToDictionary(one => Labels(one, rule.Per).Key, StringComparer.Ordinal)).ToList();
        var silent = new double?[metrics[0].Points];
        return
        [
            .. found.SelectMany(columns => columns).DistinctBy(pair => pair.Key).Select(pair =>
            {
                var parts = found.Select(columns => columns.GetValueOrDefault(pair.Key)).ToList();
                var points = parts.Select(part => part?.Values ?? silent).ToList();
                var (gpus, origin) = (parts.Max(part => part?.Gpus ?? 0), parts.Max(part => part?.Origin ?? Origin.Measured));
                return new AlertRow(Labels(pair.Value, rule.Per), origin, [.. Enumerable.Range(0, moments).Select(i => WindowFold.Read(signal, rule, points, (int)(back / step) + i, step, gpus))]);
            }),
        ];
    }

    /// <summary>What a series is of.</summary>
    public static AlertLabels Labels(AlertPer per, string? site, string? rack, string? host, string? gpu) => per switch
    {
        AlertPer.Gpu => new(site, rack, host, gpu),
        AlertPer.Host => new(site, rack, host),
        AlertPer.Rack => new(site, rack ?? "no rack"),
        AlertPer.Site => new(site ?? "no site"),
        _ => new(),
    };

    private static AlertLabels Labels(Series one, AlertPer per) => Labels(per, one.Site, one.Rack, one.Host, one.Gpu);

    private async Task<SeriesColumns> Columns(AlertRule rule, Metric metric, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken)
    {
        var scope = rule.Scope ?? new();
        var key = string.Create(CultureInfo.InvariantCulture, $"{metric.Name} {rule.Statistic} {rule.Per} {step.TotalSeconds} {(to - from).TotalSeconds} {Join(scope.Sites)} {Join(scope.Racks)} {Join(scope.Hosts)} {Join(scope.Gpus)}");
        if (_kept.GetValueOrDefault(key) is not { } kept || kept.To != to)
        {
            var query = new SeriesQuery(metric.Name, from, to)
            {
                Gpus = [.. scope.Gpus ?? []], Hosts = [.. scope.Hosts ?? []], Racks = [.. scope.Racks ?? []], Sites = [.. scope.Sites ?? []], Step = step,
                By = rule.Per switch { AlertPer.Gpu => SeriesGrouping.Gpu, AlertPer.Host => SeriesGrouping.Host, AlertPer.Rack => SeriesGrouping.Rack, AlertPer.Site => SeriesGrouping.Site, _ => SeriesGrouping.Fleet },
                Statistic = rule.Statistic switch { AlertStatistic.Mean => SeriesStatistic.Average, AlertStatistic.Minimum => SeriesStatistic.Minimum, AlertStatistic.Maximum => SeriesStatistic.Maximum, _ => SeriesStatistic.Natural },
            };
            Statements++;
            kept = new(to, await series.Read(query, cancellationToken), _round);
        }

        _kept[key] = kept with { Round = _round };
        return kept.Columns;
    }

    private static string Join(IReadOnlyList<string>? names) => string.Join('\u001f', (names ?? []).Order(StringComparer.Ordinal));

    private sealed record Kept(DateTimeOffset To, SeriesColumns Columns, long Round);
}
