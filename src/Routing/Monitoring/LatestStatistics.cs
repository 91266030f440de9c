namespace EnergyTTT.Routing.Monitoring;

/// <summary>A monitor that somebody feeds: it keeps the newest readings by their own time and is safe to read from any thread.</summary>
public sealed class LatestStatistics : IGpuMonitor
{
    private GpuStatistics? _current;

    /// <inheritdoc/>
    public GpuStatistics? CurrentStatistics => Volatile.Read(ref _current);

    /// <summary>Takes new readings; older ones than those known are dropped, since arrival order is not time order.</summary>
    /// <returns>Whether the readings are now the current ones.</returns>
    public bool Observe(GpuStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        while (true)
        {
            var known = Volatile.Read(ref _current);
            if (known is not null && known.Time > statistics.Time)
            {
                return false;
            }

            if (ReferenceEquals(Interlocked.CompareExchange(ref _current, statistics, known), known))
            {
                return true;
            }
        }
    }
}
