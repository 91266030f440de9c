using System.Collections.Immutable;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Grains.Policies;

/// <summary>Every scope that may be set: the fleet, its deployments, and the sites, racks and hosts that were seen, with what is in force in each.</summary>
internal sealed class PolicyDirectory(PolicyBook book, DeploymentStore deployments, IGrainFactory grains)
{
    /// <summary>The fleet first, then deployments, sites, racks and hosts by name. A scope that was set and is no longer seen stays.</summary>
    public async Task<ImmutableArray<PolicyVersion>> Read(CancellationToken cancellationToken)
    {
        var page = await book.Fresh(cancellationToken);
        var fleet = await grains.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(-1, cancellationToken) ?? FleetSnapshot.Empty;
        IEnumerable<string> seen =
        [
            PolicyScopes.Fleet,
            .. (await deployments.List(cancellationToken)).Select(deployment => PolicyScopes.Deployment(deployment.Name)),
            .. fleet.Gpus.Select(gpu => gpu.Site).OfType<string>().Select(PolicyScopes.Site),
            .. fleet.Gpus.Select(gpu => gpu.Rack).OfType<string>().Select(PolicyScopes.Rack),
            .. fleet.Gpus.Select(gpu => PolicyScopes.Host(gpu.Host)),
        ];
        return
        [
            .. seen.Union(page.Versions.Keys).Where(PolicyScopes.IsScope).Distinct(StringComparer.Ordinal).OrderBy(Rank).ThenBy(scope => scope, StringComparer.Ordinal)
                .Select(page.Of),
        ];
    }

    // The fleet is of no kind and comes first.
    private static int Rank(string scope) => PolicyScopes.Kinds.IndexOf(PolicyScopes.KindOf(scope));
}
