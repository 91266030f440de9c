using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Portal.Ranges;

namespace EnergyTTT.Portal.Fleets;

/// <summary>The part of the fleet that an address speaks of: <c>var-site</c>, <c>var-rack</c>, <c>var-host</c>, each narrowing the one before.</summary>
public static class FleetScope
{
    /// <summary>The GPUs in the scope, in their order.</summary>
    public static IReadOnlyList<GpuState> Of(PageState state, IEnumerable<GpuState> gpus)
    {
        ArgumentNullException.ThrowIfNull(state);
        return
        [
            .. gpus.Where(gpu =>
                (state["site"] is not { } site || site == (gpu.Site ?? FleetPlace.NoSite))
                && (state["rack"] is not { } rack || rack == (gpu.Rack ?? FleetPlace.NoRack))
                && (state["host"] is not { } host || host == gpu.Host)),
        ];
    }
}
