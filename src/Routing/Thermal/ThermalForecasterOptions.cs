using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Routing.Thermal;

/// <summary>
/// What a forecaster assumes of a card that it has not seen yet. Every default has a physical reading; docs/decisions/0070 says where each comes from, how far
/// the choice among plausible values was guided by the recorded H100, and what happens when it is wrong.
/// </summary>
public sealed record ThermalForecasterOptions
{
    /// <summary>The card's power limit in watts: where <see cref="LimitCelsius"/> holds. Default 700, the largest class of air-cooled boards. Range 10 to 5,000.</summary>
    [Range(10, 5000)]
    public double PowerLimitWatts { get; init; } = 700;

    /// <summary>
    /// First guess of where the card settles at its power limit, in degrees Celsius: coolers are built to hold it at the edge of "hot". Default 75, as
    /// <see cref="ThermalThresholds.HotCelsius"/>; 12 below the slowdown threshold where a card reports one. Range 30 to 110.
    /// </summary>
    [Range(30, 110)]
    public double LimitCelsius { get; init; } = 75;

    /// <summary>First guess of the coolant at the card, in degrees Celsius. Default 33: the recommended 18 to 27 °C of a machine room, warmed by what stands before the card. Range -20 to 80.</summary>
    [Range(-20, 80)]
    public double CoolantCelsius { get; init; } = 33;

    /// <summary>Standard deviation of both guesses in degrees Celsius. Default 6: a few degrees of inlet and of cooler either way. Range 1 to 40.</summary>
    [Range(1, 40)]
    public double GuessDeviationCelsius { get; init; } = 6;

    /// <summary>Seconds in which confidence in what was learned fades. Default 900: minutes are remembered whole, a change of season is not. Range 60 to 86,400.</summary>
    [Range(60, 86400)]
    public double MemorySeconds { get; init; } = 900;

    /// <summary>A gap between readings longer than this starts the heat in the model afresh; what was learned stays. Default 30 s, range 2 to 600.</summary>
    [Range(2, 600)]
    public double GapSeconds { get; init; } = 30;
}
