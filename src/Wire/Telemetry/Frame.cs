using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Wire.Telemetry;

/// <summary>
/// One second of samples of one GPU, summarised: the unit that travels and is stored. Identified by (GPU, boot, sequence).
/// Every reading is null where the sensor was silent; null never means 0.
/// </summary>
public sealed record Frame
{
    /// <summary>The GPU that was read.</summary>
    public required GpuId Gpu { get; init; }

    /// <summary>Counts up by one per frame of this GPU since <see cref="TelemetryBatch.Boot"/>; 0 or more.</summary>
    public required long Sequence { get; init; }

    /// <summary>End of the interval by the host's clock, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Length of the interval by the host's monotonic clock, in seconds; above 0, at most 3,600.</summary>
    public required double Seconds { get; init; }

    /// <summary>Where the readings come from.</summary>
    public required Origin Origin { get; init; }

    /// <summary>Joules that the whole board took in the interval; 0 or more.</summary>
    public double? EnergyJoules { get; init; }

    /// <summary>How <see cref="EnergyJoules"/> was obtained; null with it, and where the sender does not say.</summary>
    public EnergyMethod? EnergyMethod { get; init; }

    /// <summary>Mean power of the interval in watts.</summary>
    public double? PowerAverageWatts { get; init; }

    /// <summary>Greatest power reading of the interval in watts.</summary>
    public double? PowerMaxWatts { get; init; }

    /// <summary>Temperature of the die at the end of the interval, in degrees Celsius.</summary>
    public double? TemperatureCelsius { get; init; }

    /// <summary>Temperature of the memory at the end of the interval, in degrees Celsius.</summary>
    public double? MemoryTemperatureCelsius { get; init; }

    /// <summary>Degrees Celsius left to the nearest slowdown threshold; negative beyond it.</summary>
    public double? ThermalMarginCelsius { get; init; }

    /// <summary>Share of the interval in which a kernel ran, 0 to 1.</summary>
    public double? UtilizationRatio { get; init; }

    /// <summary>Share of the interval in which memory was read or written, 0 to 1.</summary>
    public double? MemoryActivityRatio { get; init; }

    /// <summary>Device memory in use, bytes.</summary>
    public long? MemoryUsedBytes { get; init; }

    /// <summary>Device memory in all, bytes.</summary>
    public long? MemoryTotalBytes { get; init; }

    /// <summary>Clock of the streaming multiprocessors in hertz.</summary>
    public double? SmClockHertz { get; init; }

    /// <summary>Clock of the memory in hertz.</summary>
    public double? MemoryClockHertz { get; init; }

    /// <summary>The power limit that is really enforced, in watts.</summary>
    public double? PowerLimitWatts { get; init; }

    /// <summary>Speed of the fan, 0 to 1; null for cards without one.</summary>
    public double? FanRatio { get; init; }

    /// <summary>Seconds of the interval spent throttled, by reason; null where the card does not count them.</summary>
    public ThrottleSeconds? ThrottleSeconds { get; init; }

    /// <summary>Tokens that the engine on this GPU completed in the interval; null where no engine reports.</summary>
    public long? Tokens { get; init; }

    /// <summary>Number of power readings behind the frame.</summary>
    public int? Samples { get; init; }
}

/// <summary>Seconds spent throttled within one interval, by reason. Each is 0 or more; null where not counted.</summary>
public sealed record ThrottleSeconds
{
    /// <summary>The software power cap held the clocks down.</summary>
    public double? SwPowerCap { get; init; }

    /// <summary>The driver slowed the clocks for heat.</summary>
    public double? SwThermal { get; init; }

    /// <summary>The hardware slowed the clocks for heat.</summary>
    public double? HwThermal { get; init; }

    /// <summary>An external power brake was asserted.</summary>
    public double? PowerBrake { get; init; }
}
