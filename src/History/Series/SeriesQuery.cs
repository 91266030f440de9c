using System.Collections.Immutable;

namespace EnergyTTT.History.Series;

/// <summary>One line per what?</summary>
public enum SeriesGrouping
{
    /// <summary>One series per GPU.</summary>
    Gpu = 0,

    /// <summary>One per host.</summary>
    Host = 1,

    /// <summary>One per rack of a site.</summary>
    Rack = 2,

    /// <summary>One per site.</summary>
    Site = 3,

    /// <summary>One for all GPUs that match.</summary>
    Fleet = 4,
}

/// <summary>How the readings of a series combine, over time and over the GPUs of a group.</summary>
public enum SeriesStatistic
{
    /// <summary>As the metric's <see cref="MetricKind"/> says.</summary>
    Natural = 0,

    /// <summary>Mean over time, then mean over GPUs.</summary>
    Average = 1,

    /// <summary>Least reading.</summary>
    Minimum = 2,

    /// <summary>Greatest reading.</summary>
    Maximum = 3,
}

/// <summary>What is asked of <see cref="SeriesReader"/>. Filters of different nouns narrow each other; an empty one lets all pass.</summary>
/// <param name="Metric">A name of <see cref="MetricsCatalogue"/>.</param>
/// <param name="From">Start, inclusive.</param>
/// <param name="To">End, exclusive; after <paramref name="From"/>.</param>
public sealed record SeriesQuery(string Metric, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Only these GPUs, by UUID.</summary>
    public ImmutableArray<string> Gpus { get; init; } = [];

    /// <summary>Only GPUs in these hosts.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>Only GPUs in these racks.</summary>
    public ImmutableArray<string> Racks { get; init; } = [];

    /// <summary>Only GPUs in these sites.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>One series per what.</summary>
    public SeriesGrouping By { get; init; } = SeriesGrouping.Gpu;

    /// <summary>Whether one line is asked for, of all GPUs that there are.</summary>
    internal bool IsWholeFleet => By == SeriesGrouping.Fleet && Gpus.IsDefaultOrEmpty && Hosts.IsDefaultOrEmpty && Racks.IsDefaultOrEmpty && Sites.IsDefaultOrEmpty;

    /// <summary>How readings combine.</summary>
    public SeriesStatistic Statistic { get; init; } = SeriesStatistic.Natural;

    /// <summary>Distance of points, at least a second; null: the finest that keeps a series within <see cref="SeriesSteps.MostPoints"/> points.</summary>
    public TimeSpan? Step { get; init; }
}
