using System.Collections.Immutable;
using EnergyTTT.Contracts.Gpus;
using Orleans.Services;

namespace EnergyTTT.Grains.Fleet;

/// <summary>Offers the fleet slice of its silo to the fleet grain. One per silo; asked once a second; a lost call is made up by the next.</summary>
[GrainInterfaceType("fleet-slice")]
public interface IFleetSliceService : IGrainService
{
    /// <summary>The states published on this silo after that version; -1 asks for all.</summary>
    [Alias("since")]
    Task<FleetChanges> Since(long version);
}

/// <summary>What changed on one silo.</summary>
/// <param name="Version">To be asked from next time.</param>
/// <param name="Changed">The newest state of each GPU that changed.</param>
[GenerateSerializer, Immutable, Alias("fleet-changes")]
public sealed record FleetChanges(
    [property: Id(0)] long Version,
    [property: Id(1)] ImmutableArray<GpuState> Changed);

/// <summary>Asks the slice of a named silo.</summary>
public interface IFleetSlices : IGrainServiceClient<IFleetSliceService>
{
    /// <summary>The silos whose slices make up the fleet now.</summary>
    IReadOnlyList<SiloAddress> Silos();

    /// <summary>What changed on that silo.</summary>
    Task<FleetChanges> Since(SiloAddress silo, long version);
}
