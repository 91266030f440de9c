using System.Collections.Immutable;
using EnergyTTT.History.Partitions;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Series;

/// <summary>Answers how a metric went over time, for GPUs or groups of them. What was acknowledged a moment ago is in the answer;
/// frames that come late, to minutes that are rolled up already, are in it after the next round of roll-ups.</summary>
public sealed class SeriesReader(NpgsqlDataSource source, IOptions<RetentionOptions> retention, TimeProvider time)
{
    /// <summary>Reads the series of a query. A filter that lets nothing pass gives an answer without series.</summary>
    /// <exception cref="SeriesQueryException">The metric, the range or the step is out of bounds.</exception>
    public async Task<SeriesColumns> Read(SeriesQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var metric = MetricsCatalogue.Find(query.Metric) ?? throw new SeriesQueryException(
            "unknown_metric", "metric", $"'{query.Metric}' is no metric. Known are: {string.Join(", ", MetricsCatalogue.All.Select(known => known.Name))}.");
        var gpus = await ReadSeriesGpus.Execute(source, query, cancellationToken);
        var plan = SeriesPlan.Make(query, gpus.Count, time.GetUtcNow(), retention.Value);
        var groups = gpus.GroupBy(gpu => Key(gpu, query.By)).ToList();
        var columns = new double?[groups.Count][];
        var origins = new Origin[groups.Count];
        var request = new ReadSeries.Request(
            metric,
            [.. groups.SelectMany(group => group.Select(gpu => gpu.GpuId))],
            [.. groups.SelectMany((group, index) => Enumerable.Repeat(index, group.Count()))],
            plan.From,
            plan.To,
            plan.Step,
            plan.Level,
            Combine(metric.Kind, query.Statistic),
            query.IsWholeFleet);
        await ReadSeries.Execute(source, request, Put, cancellationToken);
        return new SeriesColumns(metric, plan.From, plan.To, plan.Step, plan.Points, [.. groups
            .Select((group, index) => (group, index))
            .Where(entry => columns[entry.index] is not null)
            .Select(entry => Name(entry.group.ToList(), query.By, origins[entry.index], columns[entry.index]))]);

        void Put(int index, DateTimeOffset at, double value, Origin origin)
        {
            (columns[index] ??= new double?[plan.Points])[(int)((at - plan.From).Ticks / plan.Step.Ticks)] = value * metric.Scale;
            origins[index] = origin > origins[index] ? origin : origins[index];
        }
    }

    private static (string? Site, string? Rack, string? Host, string? Gpu) Key(ReadSeriesGpus.Row gpu, SeriesGrouping by) => by switch
    {
        SeriesGrouping.Gpu => (gpu.Site, gpu.Rack, gpu.Host, gpu.Uuid),
        SeriesGrouping.Host => (gpu.Site, gpu.Rack, gpu.Host, null),
        SeriesGrouping.Rack => (gpu.Site, gpu.Rack, null, null),
        SeriesGrouping.Site => (gpu.Site, null, null, null),
        _ => default,
    };

    private static Series Name(List<ReadSeriesGpus.Row> gpus, SeriesGrouping by, Origin origin, double?[] values)
    {
        var (site, rack, host, gpu) = Key(gpus[0], by);
        var label = by switch
        {
            SeriesGrouping.Gpu => gpu,
            SeriesGrouping.Host => host,
            SeriesGrouping.Rack => rack ?? "no rack",
            SeriesGrouping.Site => site ?? "no site",
            _ => "fleet",
        };

        // GPUs and hosts always have a name.
        return new Series(gpu, host, rack, site, label!, gpus.Count, origin, values);
    }

    private static ReadSeries.Combination Combine(MetricKind kind, SeriesStatistic statistic) => (kind, statistic) switch
    {
        (MetricKind.Quotient, _) => ReadSeries.Combination.Quotient,
        (_, SeriesStatistic.Average) => ReadSeries.Combination.MeanOfMeans,
        (_, SeriesStatistic.Minimum) => ReadSeries.Combination.Least,
        (_, SeriesStatistic.Maximum) => ReadSeries.Combination.Greatest,
        (MetricKind.Amount, _) => ReadSeries.Combination.SumOfSums,
        (MetricKind.Level, _) => ReadSeries.Combination.SumOfMeans,
        (MetricKind.Peak, _) => ReadSeries.Combination.Greatest,
        _ => ReadSeries.Combination.MeanOfMeans,
    };
}
