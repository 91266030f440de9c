using EnergyTTT.Contracts.Gpus;

namespace EnergyTTT.Portal.Fleets;

/// <summary>
/// Sums and extremes over a set of GPUs. Silent sensors are left out, never counted as 0: <see cref="PowerReporting"/> says how many
/// GPUs a sum speaks for. Of no GPUs every reading is null.
/// </summary>
/// <param name="Gpus">GPUs in the set.</param>
/// <param name="PowerWatts">Sum of the mean power of the newest frames, in watts; null when none reports power.</param>
/// <param name="PowerReporting">How many GPUs <paramref name="PowerWatts"/> speaks for.</param>
/// <param name="PowerLimitWatts">Sum of the enforced power limits of those that report power and a limit; null when none does.</param>
/// <param name="TemperatureMaxCelsius">Hottest die, in degrees Celsius.</param>
/// <param name="TemperatureMeanCelsius">Mean over the dies, in degrees Celsius.</param>
/// <param name="MemoryTemperatureMaxCelsius">Hottest memory, in degrees Celsius.</param>
/// <param name="MarginMinCelsius">Least margin to a slowdown, in degrees Celsius.</param>
/// <param name="UtilizationMean">Mean share of time in which a kernel ran, 0 to 1.</param>
/// <param name="Throttled">GPUs that were throttled for heat or by the power brake in their newest frame.</param>
public sealed record FleetTotals(
    int Gpus,
    double? PowerWatts,
    int PowerReporting,
    double? PowerLimitWatts,
    double? TemperatureMaxCelsius,
    double? TemperatureMeanCelsius,
    double? MemoryTemperatureMaxCelsius,
    double? MarginMinCelsius,
    double? UtilizationMean,
    int Throttled)
{
    /// <summary>Sums up a set of GPUs.</summary>
    public static FleetTotals Of(IReadOnlyCollection<GpuState> gpus)
    {
        ArgumentNullException.ThrowIfNull(gpus);
        var frames = gpus.Select(gpu => gpu.Latest).ToList();
        var powered = frames.Where(frame => frame.PowerAverageWatts is not null).ToList();
        var limited = powered.Where(frame => frame.PowerLimitWatts is not null).ToList();
        return new(
            gpus.Count,
            powered.Count == 0 ? null : powered.Sum(frame => frame.PowerAverageWatts),
            powered.Count,
            limited.Count == 0 ? null : limited.Sum(frame => frame.PowerLimitWatts),
            frames.Max(frame => frame.TemperatureCelsius),
            frames.Average(frame => frame.TemperatureCelsius),
            frames.Max(frame => frame.MemoryTemperatureCelsius),
            frames.Min(frame => frame.ThermalMarginCelsius),
            frames.Average(frame => frame.UtilizationRatio),
            frames.Count(frame => IsSlowed(frame.ThrottleSeconds)));
    }

    private static bool IsSlowed(Wire.Telemetry.ThrottleSeconds? throttle) =>
        throttle is not null && (throttle.SwThermal > 0 || throttle.HwThermal > 0 || throttle.PowerBrake > 0);
}
