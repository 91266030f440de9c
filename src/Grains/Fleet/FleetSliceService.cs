using Orleans.Runtime.Services;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace EnergyTTT.Grains.Fleet;

/// <inheritdoc cref="IFleetSliceService"/>
[Reentrant]
public sealed class FleetSliceService(GrainId id, Silo silo, ILoggerFactory loggers, FleetSlice slice) : GrainService(id, silo, loggers), IFleetSliceService
{
    /// <inheritdoc/>
    public Task<FleetChanges> Since(long version) => Task.FromResult(slice.Since(version));
}

/// <inheritdoc cref="IFleetSlices"/>
internal sealed class FleetSlices(IServiceProvider services, ISiloStatusOracle silos) : GrainServiceClient<IFleetSliceService>(services), IFleetSlices
{
    /// <inheritdoc/>
    public IReadOnlyList<SiloAddress> Silos() => [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys];

    /// <inheritdoc/>
    public Task<FleetChanges> Since(SiloAddress silo, long version) => GetGrainService(silo).Since(version);
}
