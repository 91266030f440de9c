using System.Text.Json.Serialization;

namespace EnergyTTT.Portal.Charts;

/// <summary>One line of a chart: where its history comes from and how it is drawn. The chart's module reads it as JSON.</summary>
/// <param name="Label">Its name in the legend.</param>
/// <param name="Query">The query of <c>/v1/series</c> without its range, such as <c>metric=power_average_watts&amp;gpu=GPU-1</c>.</param>
/// <param name="Colour">The CSS variable of its colour without the dashes, such as <c>power</c>.</param>
/// <param name="Dash">Its dash pattern, 0 (solid) to 7, so that it can be told from its neighbours without colour.</param>
/// <param name="Fold">How live seconds join a longer bucket: <c>mean</c>, <c>sum</c>, <c>max</c> or <c>last</c>.</param>
public sealed record ChartSeries(string Label, string Query, string Colour, int Dash = 0, string Fold = "mean");

/// <summary>A horizontal line across a chart: a limit or a target.</summary>
/// <param name="At">Where, in the chart's unit.</param>
/// <param name="Label">What it is.</param>
/// <param name="Fit">Whether the scale makes room for it.</param>
public sealed record ChartLine(double At, string Label, bool Fit = false);

/// <summary>The live values of one moment for the charts of a page.</summary>
/// <param name="T">The moment in Unix seconds.</param>
/// <param name="Values">By the name of a chart, one value per series; null where the sensor was silent.</param>
public sealed record LiveMoment(double T, IReadOnlyDictionary<string, double?[]> Values);

/// <summary>The source-generated JSON of chart attributes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<ChartSeries>))]
[JsonSerializable(typeof(IReadOnlyList<ChartLine>))]
public sealed partial class ChartJson : JsonSerializerContext;
