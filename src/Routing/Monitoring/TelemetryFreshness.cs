using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Monitoring;

/// <summary>Whether readings may steer: how old they are, where they come from, and the validity factor that scales a learning rate.</summary>
/// <param name="Age">Time since the readings were taken; null when there are none. Negative when their clock is ahead.</param>
/// <param name="IsStale">No readings, or older than the options allow.</param>
/// <param name="Origin">Where they come from; null when there are none.</param>
/// <param name="MayTeach">Whether their origin is one that the options let train.</param>
public readonly record struct TelemetryFreshness(TimeSpan? Age, bool IsStale, Origin? Origin, bool MayTeach)
{
    /// <summary>1 when fresh and of an origin that may teach, else 0: stale telemetry never trains, nor does simulated telemetry unless the options say so (router specification, 3.5).</summary>
    public double Validity => !IsStale && MayTeach ? 1 : 0;

    /// <summary>Judges readings at a moment.</summary>
    public static TelemetryFreshness Of(GpuStatistics? statistics, DateTimeOffset now, MonitoringOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return statistics is null
            ? new(null, true, null, false)
            : new(now - statistics.Time, now - statistics.Time > options.StaleAfter, statistics.Origin, statistics.Origin <= options.WeakestOrigin);
    }
}
