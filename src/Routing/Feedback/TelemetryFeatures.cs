using EnergyTTT.Routing.Monitoring;

namespace EnergyTTT.Routing.Feedback;

/// <summary>The twelve telemetry scalars of a feature vector. Null is a missing sensor, which counts as the running mean and never as 0.</summary>
public readonly record struct TelemetryFeatures
{
    /// <summary>Number of scalars.</summary>
    public const int Count = 12;

    /// <summary>Power over the enforced limit, 0 to 1.2.</summary>
    public double? PowerRatio { get; init; }

    /// <summary>Die temperature in degrees Celsius.</summary>
    public double? TemperatureCelsius { get; init; }

    /// <summary>Memory temperature in degrees Celsius.</summary>
    public double? MemoryTemperatureCelsius { get; init; }

    /// <summary>Degrees Celsius to slowdown.</summary>
    public double? ThermalMarginCelsius { get; init; }

    /// <summary>Expected rise of the die within 30 s, degrees Celsius.</summary>
    public double? ForecastRiseCelsius { get; init; }

    /// <summary>Urgency, 1 to 3.25.</summary>
    public double? Urgency { get; init; }

    /// <summary>Share of time in which a kernel ran, 0 to 1.</summary>
    public double? UtilizationRatio { get; init; }

    /// <summary>Share of time in which memory was read or written, 0 to 1.</summary>
    public double? MemoryActivityRatio { get; init; }

    /// <summary>Used over total memory, 0 to 1.</summary>
    public double? MemoryUsedRatio { get; init; }

    /// <summary>Clock of the multiprocessors in gigahertz.</summary>
    public double? SmClockGigahertz { get; init; }

    /// <summary>ln of joules per token of the last window.</summary>
    public double? LogJoulesPerToken { get; init; }

    /// <summary>ln of the step's latency in milliseconds.</summary>
    public double? LogLatencyMilliseconds { get; init; }

    /// <summary>The scalars that readings alone give; the others are added with <c>with</c>.</summary>
    public static TelemetryFeatures Of(GpuStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        return new()
        {
            PowerRatio = statistics.PowerLimitWatts > 0 ? statistics.PowerWatts / statistics.PowerLimitWatts : null,
            TemperatureCelsius = statistics.TemperatureCelsius,
            MemoryTemperatureCelsius = statistics.MemoryTemperatureCelsius,
            ThermalMarginCelsius = statistics.ThermalMarginCelsius,
            UtilizationRatio = statistics.UtilizationRatio,
            MemoryActivityRatio = statistics.MemoryActivityRatio,
            MemoryUsedRatio = statistics.MemoryUsedRatio,
            SmClockGigahertz = statistics.SmClockHertz / 1e9,
        };
    }

    /// <summary>Writes the scalars, NaN where missing.</summary>
    internal void CopyTo(Span<double> values)
    {
        values[0] = PowerRatio ?? double.NaN;
        values[1] = TemperatureCelsius ?? double.NaN;
        values[2] = MemoryTemperatureCelsius ?? double.NaN;
        values[3] = ThermalMarginCelsius ?? double.NaN;
        values[4] = ForecastRiseCelsius ?? double.NaN;
        values[5] = Urgency ?? double.NaN;
        values[6] = UtilizationRatio ?? double.NaN;
        values[7] = MemoryActivityRatio ?? double.NaN;
        values[8] = MemoryUsedRatio ?? double.NaN;
        values[9] = SmClockGigahertz ?? double.NaN;
        values[10] = LogJoulesPerToken ?? double.NaN;
        values[11] = LogLatencyMilliseconds ?? double.NaN;
    }
}
