using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Monitoring;

/// <summary>
/// The latest known readings of one GPU, as a router sees them. Null is "no sensor" or "not read yet" and never 0; two values are equal when all
/// readings, the time and the origin are.
/// </summary>
public sealed record GpuStatistics
{
    /// <summary>When the readings were taken, by the clock that <see cref="TelemetryFreshness"/> compares with.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Where the readings come from.</summary>
    public required Origin Origin { get; init; }

    /// <summary>Mean power of the last interval in watts, 0 or more.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>The enforced power limit in watts, above 0.</summary>
    public double? PowerLimitWatts { get; init; }

    /// <summary>Temperature of the die in degrees Celsius.</summary>
    public double? TemperatureCelsius { get; init; }

    /// <summary>Temperature of the memory in degrees Celsius.</summary>
    public double? MemoryTemperatureCelsius { get; init; }

    /// <summary>Degrees Celsius left to the nearest slowdown threshold; negative beyond it.</summary>
    public double? ThermalMarginCelsius { get; init; }

    /// <summary>Share of time in which a kernel ran, 0 to 1.</summary>
    public double? UtilizationRatio { get; init; }

    /// <summary>Share of time in which memory was read or written, 0 to 1.</summary>
    public double? MemoryActivityRatio { get; init; }

    /// <summary>Device memory in use, bytes.</summary>
    public long? MemoryUsedBytes { get; init; }

    /// <summary>Device memory in all, bytes.</summary>
    public long? MemoryTotalBytes { get; init; }

    /// <summary>Clock of the streaming multiprocessors in hertz.</summary>
    public double? SmClockHertz { get; init; }

    /// <summary>True while hardware or driver slows the clocks for heat; null where the card does not tell.</summary>
    public bool? ThermallyThrottled { get; init; }

    /// <summary>Used over total memory, 0 to 1; null when either is unknown.</summary>
    public double? MemoryUsedRatio => MemoryUsedBytes is { } used && MemoryTotalBytes is > 0 and var total ? (double)used / total : null;

    /// <summary>The slowdown threshold in degrees Celsius that temperature and margin imply; null when either is unknown.</summary>
    public double? SlowdownCelsius => TemperatureCelsius + ThermalMarginCelsius;

    /// <summary>The readings of a frame that has travelled.</summary>
    public static GpuStatistics Of(Frame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var throttled = frame.ThrottleSeconds is { } t && (t.SwThermal ?? t.HwThermal) is not null ? (t.SwThermal ?? 0) + (t.HwThermal ?? 0) > 0 : (bool?)null;
        return new()
        {
            Time = frame.Time,
            Origin = frame.Origin,
            PowerWatts = frame.EnergyJoules is { } joules && frame.Seconds > 0 ? joules / frame.Seconds : frame.PowerAverageWatts,
            PowerLimitWatts = frame.PowerLimitWatts,
            TemperatureCelsius = frame.TemperatureCelsius,
            MemoryTemperatureCelsius = frame.MemoryTemperatureCelsius,
            ThermalMarginCelsius = frame.ThermalMarginCelsius,
            UtilizationRatio = frame.UtilizationRatio,
            MemoryActivityRatio = frame.MemoryActivityRatio,
            MemoryUsedBytes = frame.MemoryUsedBytes,
            MemoryTotalBytes = frame.MemoryTotalBytes,
            SmClockHertz = frame.SmClockHertz,
            ThermallyThrottled = throttled,
        };
    }
}
