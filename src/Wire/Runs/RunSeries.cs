using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Wire.Runs;

/// <summary>A trace of a run, such as the temperature of its GPU, or a curve, such as joules against perplexity: what its charts are drawn from.</summary>
public sealed record RunSeries
{
    /// <summary>What it shows, such as <c>temperature</c> or <c>sweep</c>; with <see cref="Label"/> unique inside the run.</summary>
    public required string Name { get; init; }

    /// <summary>Which line of the chart, such as the name of an arm or a strategy.</summary>
    public required string Label { get; init; }

    /// <summary>What x is, with its unit.</summary>
    public required string XUnit { get; init; }

    /// <summary>What y is, with its unit.</summary>
    public required string YUnit { get; init; }

    /// <summary>Where the numbers come from.</summary>
    public required Origin Origin { get; init; }

    /// <summary>Abscissas; seconds since the start of the run for a trace.</summary>
    public required IReadOnlyList<double> X { get; init; }

    /// <summary>Ordinates, as many; null is no data.</summary>
    public required IReadOnlyList<double?> Y { get; init; }

    /// <summary>Lower edge of a band around the line, as many; null of all: there is none.</summary>
    public IReadOnlyList<double?>? Low { get; init; }

    /// <summary>Upper edge of the band, as many.</summary>
    public IReadOnlyList<double?>? High { get; init; }
}
