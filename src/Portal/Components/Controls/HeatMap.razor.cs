using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Fleets;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>Cells coloured on one scale, grouped as site > rack > host. Each cell is a link and names itself with its value.</summary>
public partial class HeatMap : ComponentBase
{
    private (HeatMapModel Model, HeatScale Scale)? _rendered;

    /// <summary>Names the map on its page: paintings are addressed to it.</summary>
    [Parameter, EditorRequired] public required string Name { get; set; }

    /// <summary>What stands where.</summary>
    [Parameter, EditorRequired] public required HeatMapModel Model { get; set; }

    /// <summary>What the colours mean.</summary>
    [Parameter, EditorRequired] public required HeatScale Scale { get; set; }

    /// <summary>The view whose values are rendered first.</summary>
    [Parameter, EditorRequired] public required FleetView View { get; set; }

    /// <summary>How numbers are written.</summary>
    [Parameter, EditorRequired] public required Display Display { get; set; }

    /// <summary>One cell as the module paints it: position, text, spoken text.</summary>
    public static object?[] Paint(HeatCell cell, HeatScale scale, FleetView view, Display display)
    {
        var (position, text, spoken) = Read(cell, scale, view, display);
        return [position is { } at ? Math.Round(at, 3) : null, text, spoken];
    }

    /// <inheritdoc/>
    protected override bool ShouldRender()
    {
        if (_rendered is { } rendered && rendered.Scale == Scale && rendered.Model.HasLayoutOf(Model))
        {
            return false;
        }

        _rendered = (Model, Scale);
        return true;
    }

    /// <inheritdoc/>
    protected override void OnParametersSet() => _rendered ??= (Model, Scale);

    private static (double? Position, string Text, string Spoken) Read(HeatCell cell, HeatScale scale, FleetView view, Display display)
    {
        ArgumentNullException.ThrowIfNull(display);
        var value = HeatMapModel.Value(cell, scale, view);
        var rounded = value is { } number && double.IsFinite(number) ? display.Count((long)Math.Round(number)) : Reading.None;
        return (scale.Position(value), rounded.Text, rounded.IsKnown ? $"{rounded.Text} {scale.Unit}" : "no data");
    }
}
