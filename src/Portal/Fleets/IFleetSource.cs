using EnergyTTT.Contracts.Fleet;

namespace EnergyTTT.Portal.Fleets;

/// <summary>Where the feed reads the fleet: the fleet grain, in the same process or through a client. Tests put their own fleet here.</summary>
public interface IFleetSource
{
    /// <summary>The newest snapshot, or null when it is no newer than <paramref name="after"/>; -1 asks always.</summary>
    Task<FleetSnapshot?> Snapshot(long after, CancellationToken cancellationToken);
}

/// <summary>Reads the one fleet grain.</summary>
/// <param name="grains">The silo's own factory or a client's.</param>
public sealed class GrainFleetSource(IGrainFactory grains) : IFleetSource
{
    /// <inheritdoc/>
    public Task<FleetSnapshot?> Snapshot(long after, CancellationToken cancellationToken) =>
        grains.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(after, cancellationToken);
}
