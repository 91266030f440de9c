using System.Collections.Immutable;

namespace EnergyTTT.Portal.Displays;

/// <summary>
/// Where a value stands on the one colour scale of the portal: 0 is its pale end, 1 its dark end. Lightness falls evenly between
/// them (portal.css, OKLCH), so equal steps look equal, also without colour vision. The same quantity has the same scale on every page.
/// </summary>
/// <param name="Name">The word in an address: <c>temperature</c>, <c>power</c>, <c>margin</c> or <c>utilisation</c>.</param>
/// <param name="Title">The word on a page.</param>
/// <param name="Unit">The unit of the legend's ticks.</param>
/// <param name="From">The value at the pale end.</param>
/// <param name="To">The value at the dark end; less than <paramref name="From"/> where little is bad.</param>
/// <param name="Ticks">Values marked on the legend.</param>
public sealed record HeatScale(string Name, string Title, string Unit, double From, double To, ImmutableArray<double> Ticks)
{
    /// <summary>Die temperature: 25 to 95 °C, with the default target of 65 °C marked.</summary>
    public static HeatScale Temperature { get; } = new("temperature", "Temperature", "°C", 25, 95, [30, 45, 65, 80, 90]);

    /// <summary>Power as a share of the GPU's own enforced limit, 0 to 100 %.</summary>
    public static HeatScale Power { get; } = new("power", "Power", "% of limit", 0, 100, [0, 25, 50, 75, 100]);

    /// <summary>Degrees left to the nearest slowdown: 60 down to 0 °C.</summary>
    public static HeatScale Margin { get; } = new("margin", "Margin", "°C", 60, 0, [60, 40, 20, 10, 0]);

    /// <summary>Share of time in which a kernel ran, 0 to 100 %.</summary>
    public static HeatScale Utilisation { get; } = new("utilisation", "Utilisation", "%", 0, 100, [0, 25, 50, 75, 100]);

    /// <summary>All scales, in the order in which they are offered.</summary>
    public static ImmutableArray<HeatScale> All { get; } = [Temperature, Power, Margin, Utilisation];

    /// <summary>The scale of that name; temperature when there is none.</summary>
    public static HeatScale Named(string? name) => All.FirstOrDefault(scale => scale.Name == name) ?? Temperature;

    /// <summary>0 to 1; values beyond the ends stay at the ends; null where there is no value.</summary>
    public double? Position(double? value) =>
        value is not { } number || !double.IsFinite(number) ? null : Math.Clamp((number - From) / (To - From), 0, 1);
}
