using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Monitoring;

/// <summary>Whether readings may steer: how old they are, where they come from, and the validity factor that scales a learning rate.</summary>
/// <param name="Age">Time since the readings were taken; null when there are none. Negative when their clock is ahead.</param>
/// <param name="IsStale">No readings, or older than the options allow.</param>
/// <param name="Origin">Where they come from; null when there are none.</param>
/// <param name="Validity">
/// 1 when fresh and from a sensor or a recording of one, else 0: stale telemetry never trains, and simulated telemetry trains simulations only (router specification, 3.5).
/// </param>
public readonly record struct TelemetryFreshness(TimeSpan? Age, bool IsStale, Origin? Origin, double Validity)
{
    /// <summary>Judges readings at a moment.</summary>
    public static TelemetryFreshness Of(GpuStatistics? statistics, DateTimeOffset now, MonitoringOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (statistics is null)
        {
            return new(null, true, null, 0);
        }

        var isStale = now - statistics.Time > options.StaleAfter;
        var trains = statistics.Origin <= Wire.Telemetry.Origin.Replayed || (options.SimulatedTrains && statistics.Origin == Wire.Telemetry.Origin.Simulated);
        return new(now - statistics.Time, isStale, statistics.Origin, !isStale && trains ? 1 : 0);
    }
}
