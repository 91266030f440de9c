using System.Collections.Immutable;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Series;

/// <summary>The answer to a <see cref="SeriesQuery"/>: a grid of times, and one column of values per series.</summary>
/// <param name="Metric">What was asked for.</param>
/// <param name="From">Time of the first point: the start of the first step, a multiple of the step since 1970.</param>
/// <param name="To">End of the last step.</param>
/// <param name="Step">Distance of points. A point stands for the readings with time from its own to the next one's, exclusive.</param>
/// <param name="Points">Number of points in every series.</param>
/// <param name="Series">Ordered by site, rack, host and GPU. A group without any reading in the range is left out.</param>
public sealed record SeriesColumns(Metric Metric, DateTimeOffset From, DateTimeOffset To, TimeSpan Step, int Points, ImmutableArray<Series> Series)
{
    /// <summary>The time of a point.</summary>
    /// <param name="point">0 to <see cref="Points"/> - 1.</param>
    public DateTimeOffset Time(int point) => From + (point * Step);
}

/// <summary>One column of values.</summary>
/// <param name="Gpu">UUID, when the series is of one GPU.</param>
/// <param name="Host">The host, when all its GPUs stand in one.</param>
/// <param name="Rack">The rack, when the grouping is no wider and it is known.</param>
/// <param name="Site">The site, when the grouping is no wider and it is known.</param>
/// <param name="Label">What to call it: the GPU's UUID, the host, the rack, the site, or <c>fleet</c>.</param>
/// <param name="Gpus">Number of GPUs in the group, with readings or without.</param>
/// <param name="Origin">The weakest origin among the readings.</param>
/// <param name="Values">One per point in <see cref="SeriesColumns"/>; null where no sensor spoke. A group's value is over those of its GPUs that have one.</param>
public sealed record Series(string? Gpu, string? Host, string? Rack, string? Site, string Label, int Gpus, Origin Origin, double?[] Values);
