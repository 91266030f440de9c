namespace EnergyTTT.Telemetry.Frames;

/// <summary>One fast reading of one GPU: its energy counter and its power sensors at one moment. Null where the sensor was silent.</summary>
/// <param name="At">Monotonic time of the reading, from any fixed origin; the middle of the call that read it.</param>
/// <param name="EnergyMillijoules">The card's energy counter since its driver was loaded.</param>
/// <param name="AverageWatts">Power averaged by the card over the last second: covers all of the time, so it may be integrated.</param>
/// <param name="InstantWatts">Power of the moment. The sensor of some cards looks only a quarter of the time, so this is never integrated.</param>
/// <param name="EventReasons">The clocks-event bit mask, only given where the card does not count throttled time itself.</param>
public readonly record struct PowerSample(
    TimeSpan At, ulong? EnergyMillijoules = null, double? AverageWatts = null, double? InstantWatts = null, ulong? EventReasons = null);
