using System.Globalization;
using System.Text.Json;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Ranges;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>A titled chart over the page's range.</summary>
public partial class ChartCard : ComponentBase
{
    /// <summary>Names the chart on its page: live values are addressed to it.</summary>
    [Parameter, EditorRequired] public required string Name { get; set; }

    /// <summary>What it shows.</summary>
    [Parameter, EditorRequired] public required string Title { get; set; }

    /// <summary>The unit of its values: W, J, °C, Hz, or <c>ratio</c> (drawn in percent).</summary>
    [Parameter, EditorRequired] public required string Unit { get; set; }

    /// <summary>Its lines.</summary>
    [Parameter, EditorRequired] public required IReadOnlyList<ChartSeries> Series { get; set; }

    /// <summary>What the page's address says: the range, the zone and whether it is paused.</summary>
    [Parameter, EditorRequired] public required PageState State { get; set; }

    /// <summary>The range, resolved when the address was read.</summary>
    [Parameter, EditorRequired] public required (DateTimeOffset From, DateTimeOffset To) Resolved { get; set; }

    /// <summary>Limits and targets.</summary>
    [Parameter] public IReadOnlyList<ChartLine> Lines { get; set; } = [];

    /// <summary><c>line</c> or <c>bars</c>.</summary>
    [Parameter] public string Kind { get; set; } = "line";

    /// <summary>The word across the chart when its numbers are no measurements of now; null for none.</summary>
    [Parameter] public string? Mark { get; set; }

    /// <summary>Charts of one name share their cursor.</summary>
    [Parameter] public string Sync { get; set; } = "page";

    /// <summary>Lower end of the scale; null fits the data.</summary>
    [Parameter] public double? Min { get; set; }

    /// <summary>Upper end of the scale; null fits the data.</summary>
    [Parameter] public double? Max { get; set; }

    /// <summary>Whether the sum over the range is written below: for energy, and for seconds.</summary>
    [Parameter] public bool Total { get; set; }

    /// <summary>A few words beside the title.</summary>
    [Parameter] public string? Note { get; set; }

    private string SeriesJson => JsonSerializer.Serialize(Series, ChartJson.Default.IReadOnlyListChartSeries);

    private string? LinesJson => Lines.Count == 0 ? null : JsonSerializer.Serialize(Lines, ChartJson.Default.IReadOnlyListChartLine);

    // A sliding range is told by its length alone, so that the attribute stays as it is while time goes on.
    private string? Span => State.Range.IsSliding ? Number((Resolved.To - Resolved.From).TotalSeconds) : null;

    private string? From => State.Range.IsSliding ? null : Number(Resolved.From.ToUnixTimeMilliseconds());

    private string? To => State.Range.IsSliding ? null : Number(Resolved.To.ToUnixTimeMilliseconds());

    private static string? Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture);
}
