using System.Text.Json.Serialization;
using EnergyTTT.History.Series;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Series;

/// <summary>A metric of the catalogue.</summary>
/// <param name="Name">The name to ask for.</param>
/// <param name="Unit">UCUM unit.</param>
/// <param name="Kind">How readings combine: amount, level, property, peak or quotient.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Source"><c>frame</c>: a field of a frame; <c>derived</c>: computed from several. The origin of the numbers is told with each series.</param>
public sealed record CatalogueEntry(string Name, string Unit, string Kind, string Description, string Source)
{
    internal static CatalogueEntry Of(Metric metric) =>
        new(metric.Name, metric.Unit, metric.Kind.ToString().ToLowerInvariant(), metric.Description, metric.Derived ? "derived" : "frame");
}

/// <summary>What a series is of.</summary>
public sealed record SeriesHead
{
    public string? Gpu { get; init; }
    public string? Host { get; init; }
    public string? Rack { get; init; }
    public string? Site { get; init; }
    public required string Label { get; init; }
    public required string Metric { get; init; }
    public required string Unit { get; init; }

    /// <summary>The weakest origin among the readings.</summary>
    public required Origin Origin { get; init; }

    /// <summary>GPUs in the group.</summary>
    public required int Gpus { get; init; }

    internal static SeriesHead Of(SeriesColumns columns, History.Series.Series series) => new()
    {
        Gpu = series.Gpu,
        Host = series.Host,
        Rack = series.Rack,
        Site = series.Site,
        Label = series.Label,
        Metric = columns.Metric.Name,
        Unit = columns.Metric.Unit,
        Origin = series.Origin,
        Gpus = series.Gpus,
    };
}

/// <summary>The head of the binary columns.</summary>
public sealed record SeriesHeader(int Points, double StepSeconds, DateTimeOffset From, DateTimeOffset To, SeriesHead[] Series);

/// <summary>Source-generated JSON of series.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CatalogueEntry[]))]
[JsonSerializable(typeof(SeriesHead))]
[JsonSerializable(typeof(SeriesHeader))]
internal sealed partial class SeriesJson : JsonSerializerContext;
