namespace EnergyTTT.Routing.Monitoring;

/// <summary>
/// The head-room of one GPU in [0, 1]: 1 is cool, unloaded and empty, 0 is at every limit. <see cref="Score"/> is the mean of the head-rooms that are
/// known; null when none is.
/// </summary>
/// <param name="Temperature">Head-room of temperature, 0 to 1; null without the sensor.</param>
/// <param name="Power">Head-room of power, 0 to 1; null without power or limit.</param>
/// <param name="Memory">Head-room of memory, 0 to 1; null without used or total bytes.</param>
public readonly record struct HealthScore(double? Temperature, double? Power, double? Memory)
{
    /// <summary>The mean of the known head-rooms.</summary>
    public double? Score
    {
        get
        {
            var sum = (Temperature ?? 0) + (Power ?? 0) + (Memory ?? 0);
            var known = (Temperature is null ? 0 : 1) + (Power is null ? 0 : 1) + (Memory is null ? 0 : 1);
            return known == 0 ? null : sum / known;
        }
    }

    /// <summary>
    /// The head-room of a load x, where x = (T - Tcool) / (Thot - Tcool), P / limit or used / total, is <c>h(x) = 1 / (1 + exp(6 (x - 1/2)))</c>: 0.95 at x = 0, one half at
    /// x = 1/2, 0.05 at x = 1, strictly falling and inside (0, 1) for every x. Thot is the slowdown threshold where the card reports its margin, else the option.
    /// </summary>
    /// <remarks>Source: ours; the specification (3.6) asks for the mean of three head-rooms that must change when any input does, which a clamp would break.</remarks>
    public static HealthScore Of(GpuStatistics statistics, MonitoringOptions options)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        ArgumentNullException.ThrowIfNull(options);
        var hot = Math.Max(statistics.SlowdownCelsius ?? options.HotCelsius, options.CoolCelsius + 1);
        return new(
            statistics.TemperatureCelsius is { } t ? Headroom((t - options.CoolCelsius) / (hot - options.CoolCelsius)) : null,
            statistics.PowerWatts is { } p && statistics.PowerLimitWatts is > 0 and var limit ? Headroom(p / limit) : null,
            statistics.MemoryUsedRatio is { } m ? Headroom(m) : null);
    }

    private static double Headroom(double load) => 1 / (1 + Math.Exp(6 * (load - 0.5)));
}
