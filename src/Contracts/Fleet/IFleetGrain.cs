using Orleans.Concurrency;

namespace EnergyTTT.Contracts.Fleet;

/// <summary>
/// Joins the fleet slices of all silos into one snapshot a second. Key: <c>fleet/all</c>. Called by portals, the API and
/// the metrics page; calls may be lost and repeated freely, nothing durable depends on them.
/// </summary>
[GrainInterfaceType("fleet")]
public interface IFleetGrain : IGrainWithStringKey
{
    /// <summary>The key of the one fleet grain.</summary>
    const string Key = "fleet/all";

    /// <summary>The newest snapshot, or null when it is no newer than <paramref name="after"/> (a <see cref="FleetSnapshot.Version"/>; -1 asks always).</summary>
    [Alias("snapshot"), AlwaysInterleave]
    Task<FleetSnapshot?> Snapshot(long after, CancellationToken cancellationToken = default);
}
