using System.ComponentModel.DataAnnotations;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Monitoring;

/// <summary>What the monitoring side of a router takes for fresh, for cool and for one and the same energy.</summary>
public sealed record MonitoringOptions
{
    /// <summary>Readings older than this no longer steer. Default 2 s, range 0.1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The weakest origin of readings under which fast weights may learn. Default replayed: modelled and simulated readings never train a router that serves; an experiment that models everything, and says so, may allow them.
    /// </summary>
    public Origin WeakestOrigin { get; init; } = Origin.Replayed;

    /// <summary>Temperature at which head-room is whole, in degrees Celsius. Default 30: a warm machine room's intake.</summary>
    [Range(-20, 130)]
    public double CoolCelsius { get; init; } = 30;

    /// <summary>Temperature at which no head-room is left when the card reports no slowdown threshold, in degrees Celsius. Default 85.</summary>
    [Range(-20, 130)]
    public double HotCelsius { get; init; } = 85;

    /// <summary>Largest accepted share by which counter and integral may differ. Default 0.05, range 0.001 to 1.</summary>
    [Range(0.001, 1)]
    public double EnergyTolerance { get; init; } = 0.05;
}
