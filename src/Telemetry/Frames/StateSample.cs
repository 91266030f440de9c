namespace EnergyTTT.Telemetry.Frames;

/// <summary>One slow reading of one GPU: everything but power. Units as in <see cref="Wire.Telemetry.Frame"/>; null where the sensor was silent.</summary>
public readonly record struct StateSample
{
    public double? TemperatureCelsius { get; init; }

    public double? MemoryTemperatureCelsius { get; init; }

    public double? ThermalMarginCelsius { get; init; }

    public double? UtilizationRatio { get; init; }

    public double? MemoryActivityRatio { get; init; }

    public long? MemoryUsedBytes { get; init; }

    public long? MemoryTotalBytes { get; init; }

    public double? SmClockHertz { get; init; }

    public double? MemoryClockHertz { get; init; }

    public double? PowerLimitWatts { get; init; }

    public double? FanRatio { get; init; }

    /// <summary>Time that the card says it was throttled since its driver was loaded.</summary>
    public ThrottleCounters Throttle { get; init; }

    /// <summary>Tokens completed so far by the engine on this GPU; null where no engine reports.</summary>
    public long? TokensTotal { get; init; }
}

/// <summary>Cumulative throttled time by reason, in nanoseconds; null where the card does not count it.</summary>
public readonly record struct ThrottleCounters(ulong? SwPowerCap, ulong? SwThermal, ulong? HwThermal, ulong? PowerBrake);
