namespace EnergyTTT.Routing.Losses;

/// <summary>What was observed in a window. Null is "not observed" and is never taken for 0 or for the target.</summary>
public sealed record ObservedMetrics
{
    /// <summary>Power in watts.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Die temperature in degrees Celsius.</summary>
    public double? TemperatureCelsius { get; init; }

    /// <summary>Latency of inference in milliseconds.</summary>
    public double? InferenceLatencyMilliseconds { get; init; }

    /// <summary>Used over total device memory, 0 to 1.</summary>
    public double? MemoryUsedRatio { get; init; }

    /// <summary>Tokens per second.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>What a GPU's readings say; latency and throughput are added with <c>with</c>. Nothing is known without readings.</summary>
    public static ObservedMetrics Of(Monitoring.GpuStatistics? statistics) =>
        new() { PowerWatts = statistics?.PowerWatts, TemperatureCelsius = statistics?.TemperatureCelsius, MemoryUsedRatio = statistics?.MemoryUsedRatio };
}

/// <summary>What is wanted. All above 0.</summary>
/// <param name="PowerWatts"><c>target_power</c>, watts. Default 200.</param>
/// <param name="TemperatureCelsius"><c>target_temp</c>, degrees Celsius. Default 65.</param>
/// <param name="LatencyMilliseconds"><c>target_latency</c>, milliseconds. Default 10.</param>
/// <param name="MemoryUsedRatio">Share of device memory, 0 to 1. Default .7.</param>
/// <param name="TokensPerSecond">Throughput from which a bonus counts; null = no bonus.</param>
public sealed record LossTargets(
    double PowerWatts = 200, double TemperatureCelsius = 65, double LatencyMilliseconds = 10, double MemoryUsedRatio = 0.7, double? TokensPerSecond = null);

/// <summary>Observed against wanted, one-sided: being under a target is not an error. Dimensionless; null where the metric was not observed.</summary>
/// <param name="TotalLoss">Weighted sum of the known terms, less the weighted bonus.</param>
/// <param name="PowerLoss"><c>(max(0, P - target) / target)^2</c>.</param>
/// <param name="TempLoss"><c>(max(0, T - target) / target)^2</c>.</param>
/// <param name="LatencyPenalty"><c>(max(0, t - target) / target)^2</c>.</param>
/// <param name="MemoryPenalty"><c>(max(0, m - target) / target)^2</c>.</param>
/// <param name="ThroughputBonus"><c>min(1, max(0, v / target - 1))</c>.</param>
public sealed record LossComponents(double TotalLoss, double? PowerLoss, double? TempLoss, double? LatencyPenalty, double? MemoryPenalty, double? ThroughputBonus);

/// <summary>The scoreboard: values for people and for the dual ascent; they carry no gradient, since a measured scalar has none.</summary>
public static class Scoreboard
{
    /// <summary>Compares what was observed with what is wanted.</summary>
    /// <exception cref="ArgumentException">A target is not above 0, or an observation is not finite; the message names it.</exception>
    /// <remarks>Weights: energy for power, thermal for temperature, performance for latency and bonus, memory for memory. Source: router specification 3.5.</remarks>
    public static LossComponents Score(ObservedMetrics observed, LossTargets targets, ObjectiveWeights weights)
    {
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(weights);
        var w = weights.Normalised();
        var power = Hinge("power", observed.PowerWatts, targets.PowerWatts);
        var temperature = Hinge("temperature", observed.TemperatureCelsius, targets.TemperatureCelsius);
        var latency = Hinge("latency", observed.InferenceLatencyMilliseconds, targets.LatencyMilliseconds);
        var memory = Hinge("memory", observed.MemoryUsedRatio, targets.MemoryUsedRatio);
        double? bonus = targets.TokensPerSecond is { } wanted && Hinge("throughput", observed.TokensPerSecond, wanted) is { } over ? Math.Min(1, Math.Sqrt(over)) : null;
        var total = (w.Energy * (power ?? 0)) + (w.Thermal * (temperature ?? 0)) + (w.Performance * ((latency ?? 0) - (bonus ?? 0))) + (w.Memory * (memory ?? 0));
        return new(total, power, temperature, latency, memory, bonus);
    }

    private static double? Hinge(string name, double? observed, double target)
    {
        if (!(double.IsFinite(target) && target > 0))
            throw new ArgumentException($"the target of {name} is {target}: a number above 0 expected");
        if (observed is not { } value)
            return null;
        return double.IsFinite(value) ? Math.Pow(Math.Max(0, value - target) / target, 2) : throw new ArgumentException($"the observed {name} is {value}: a finite number expected, or null where there is no sensor");
    }
}
