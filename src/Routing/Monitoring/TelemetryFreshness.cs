using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Monitoring;

/// <summary>Whether readings may steer: how old they are, where they come from, and the validity factor that scales a learning rate.</summary>
/// <param name="Age">Time since the readings were taken; null when there are none. Negative when their clock is ahead.</param>
/// <param name="IsStale">No readings, or older than the options allow.</param>
/// <param name="Origin">Where they come from; null when there are none.</param>
public readonly record struct TelemetryFreshness(TimeSpan? Age, bool IsStale, Origin? Origin)
{
    /// <summary>1 when fresh and from a sensor or a recording of one, else 0: stale or simulated telemetry never trains (router specification, 3.5).</summary>
    public double Validity => !IsStale && Origin is <= Wire.Telemetry.Origin.Replayed ? 1 : 0;

    /// <summary>Judges readings at a moment.</summary>
    public static TelemetryFreshness Of(GpuStatistics? statistics, DateTimeOffset now, MonitoringOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return statistics is null
            ? new(null, true, null)
            : new(now - statistics.Time, now - statistics.Time > options.StaleAfter, statistics.Origin);
    }
}
