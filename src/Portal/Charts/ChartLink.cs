using Microsoft.JSInterop;

namespace EnergyTTT.Portal.Charts;

/// <summary>The circuit's side of the chart module: deltas go out, nothing comes back. One call per moment, whatever the number of charts.</summary>
/// <param name="script">The browser.</param>
public sealed class ChartLink(IJSRuntime script)
{
    /// <summary>Appends one moment to the charts that are named in it.</summary>
    public ValueTask Push(LiveMoment moment) => script.InvokeVoidAsync("energyTTT.push", moment);

    /// <summary>Paints the cells of a heat map, in the order in which they were rendered.</summary>
    /// <param name="name">The heat map.</param>
    /// <param name="cells">Position on the scale (0 to 1; null is no data), the text in the cell, and what a screen reader says.</param>
    public ValueTask Paint(string name, IReadOnlyList<object?[]> cells) => script.InvokeVoidAsync("energyTTT.paint", name, cells);
}
