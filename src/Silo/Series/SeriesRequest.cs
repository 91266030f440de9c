using System.Globalization;
using EnergyTTT.History.Series;
using EnergyTTT.Silo.Problems;
using Microsoft.AspNetCore.Mvc;

namespace EnergyTTT.Silo.Series;

/// <summary>The parameters of <c>GET /v1/series</c> as they come.</summary>
internal sealed record SeriesRequest
{
    /// <summary>A name of the catalogue.</summary>
    [FromQuery(Name = "metric")] public string? Metric { get; init; }

    /// <summary>Only these GPUs; may be given several times.</summary>
    [FromQuery(Name = "gpu")] public string[]? Gpu { get; init; }

    /// <summary>Only GPUs in these hosts; may be given several times.</summary>
    [FromQuery(Name = "host")] public string[]? Host { get; init; }

    /// <summary>Only GPUs in these racks; may be given several times.</summary>
    [FromQuery(Name = "rack")] public string[]? Rack { get; init; }

    /// <summary>Only GPUs in these sites; may be given several times.</summary>
    [FromQuery(Name = "site")] public string[]? Site { get; init; }

    /// <summary>Start: RFC 3339, Unix seconds, or <c>now-6h</c>; an hour ago when not given.</summary>
    [FromQuery(Name = "from")] public string? From { get; init; }

    /// <summary>End, exclusive; now when not given.</summary>
    [FromQuery(Name = "to")] public string? To { get; init; }

    /// <summary>Distance of points: seconds, or a number with s, m, h or d.</summary>
    [FromQuery(Name = "step")] public string? Step { get; init; }

    /// <summary>
    /// How readings combine: <c>natural</c> (as the metric's kind says; <c>sum</c> is the same word), <c>mean</c>, <c>min</c> or <c>max</c>, into one line; with a noun
    /// before it and a comma, one line per <c>gpu</c>, <c>host</c>, <c>rack</c> or <c>site</c>. Not given: one line per GPU.
    /// </summary>
    [FromQuery(Name = "aggregate")] public string? Aggregate { get; init; }

    /// <summary>The query, or what is wrong with the parameters.</summary>
    public (SeriesQuery? Query, Problem? Problem) Read(DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(Metric))
        {
            return Wrong("metric", "a metric is needed; /v1/metrics-catalogue lists them");
        }

        if (!Times.TryRead(From ?? "now-1h", now, out var from))
        {
            return Wrong("from", $"'{From}' is no time; RFC 3339, Unix seconds or now-6h expected");
        }

        if (!Times.TryRead(To ?? "now", now, out var to))
        {
            return Wrong("to", $"'{To}' is no time; RFC 3339, Unix seconds or now expected");
        }

        TimeSpan? step = null;
        if (!string.IsNullOrEmpty(Step))
        {
            if (!Times.TryReadSpan(Step, out var given))
            {
                return Wrong("step", $"'{Step}' is no length of time; seconds, or a number with s, m, h or d expected");
            }

            step = given;
        }

        var query = new SeriesQuery(Metric, from, to) { Gpus = [.. Gpu ?? []], Hosts = [.. Host ?? []], Racks = [.. Rack ?? []], Sites = [.. Site ?? []], Step = step };
        var words = (Aggregate ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

        // "aggregate=sum" is the sum of all that pass the filters; without the word every GPU has a line of its own.
        query = words.Length > 0 ? query with { By = SeriesGrouping.Fleet } : query;
        foreach (var word in words)
        {
            if (Apply(query, word) is not { } narrowed)
            {
                return Wrong("aggregate", $"'{word}' is not known; natural, sum, mean, min or max expected, and before it, if lines are wanted for parts, gpu, host, rack, site or fleet");
            }

            query = narrowed;
        }

        return (query, null);
    }

    private static SeriesQuery? Apply(SeriesQuery query, string word) => word switch
    {
        "gpu" or "none" => query with { By = SeriesGrouping.Gpu },
        "host" => query with { By = SeriesGrouping.Host },
        "rack" => query with { By = SeriesGrouping.Rack },
        "site" => query with { By = SeriesGrouping.Site },
        "fleet" => query with { By = SeriesGrouping.Fleet },
        "natural" or "sum" => query with { Statistic = SeriesStatistic.Natural },
        "mean" or "average" or "avg" => query with { Statistic = SeriesStatistic.Average },
        "min" or "minimum" => query with { Statistic = SeriesStatistic.Minimum },
        "max" or "maximum" => query with { Statistic = SeriesStatistic.Maximum },
        _ => null,
    };

    private static (SeriesQuery?, Problem?) Wrong(string parameter, string detail) =>
        (null, new Problem(400, "invalid_" + parameter, $"The parameter {parameter} is not understood.", string.Create(CultureInfo.InvariantCulture, $"{parameter}: {detail}.")));
}
