using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Routing.Thermal;

/// <summary>What a forecaster assumes of a card that it has not seen yet. Every default is physics or arithmetic, none is fitted to a recording.</summary>
public sealed record ThermalForecasterOptions
{
    /// <summary>
    /// The card's power limit in watts: scales the first guess of its thermal resistance, so that a card at its limit settles about
    /// <see cref="RiseAtLimitCelsius"/> above its coolant. Default 700; 70 W and 1,000 W cards learn the rest. Range 10 to 5,000.
    /// </summary>
    [Range(10, 5000)]
    public double PowerLimitWatts { get; init; } = 700;

    /// <summary>First guess of the rise from coolant to die at the power limit, in degrees Celsius. Default 50: intake of 20 to 35 °C, slowdown near 85 to 90 °C, some head-room. Range 5 to 100.</summary>
    [Range(5, 100)]
    public double RiseAtLimitCelsius { get; init; } = 50;

    /// <summary>First guess of the coolant's temperature in degrees Celsius. Default 30. Range -20 to 80.</summary>
    [Range(-20, 80)]
    public double CoolantCelsius { get; init; } = 30;

    /// <summary>Seconds in which old evidence fades to 1/e. Default 900: a recording of minutes is remembered whole, a change of season is not. Range 60 to 86,400.</summary>
    [Range(60, 86400)]
    public double MemorySeconds { get; init; } = 900;

    /// <summary>A gap between two readings longer than this starts the temperatures of the model afresh; what was learned stays. Default 30 s, range 2 to 600.</summary>
    [Range(2, 600)]
    public double GapSeconds { get; init; } = 30;
}
