namespace EnergyTTT.Routing.Monitoring;

/// <summary>Where a router looks up how its GPU is doing. An implementation answers at once from memory and never blocks on a sensor.</summary>
public interface IGpuMonitor
{
    /// <summary>The newest readings, however old; null before the first one.</summary>
    GpuStatistics? CurrentStatistics { get; }
}
