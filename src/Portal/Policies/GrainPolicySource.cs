using System.Collections.Immutable;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Policies;

/// <summary>Reads and saves through the policy grains.</summary>
public sealed class GrainPolicySource(IGrainFactory grains, DeploymentStore deployments) : IPolicySource
{
    /// <inheritdoc/>
    public async Task<ImmutableArray<string>> Scopes(CancellationToken cancellationToken) =>
        [PolicyScopes.Fleet, .. (await deployments.List(cancellationToken)).Select(deployment => deployment.Name).Order(StringComparer.Ordinal).Select(PolicyScopes.Deployment)];

    /// <inheritdoc/>
    public Task<PolicyVersion> Current(string scope, CancellationToken cancellationToken) => Grain(scope).Current(cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyVersion>> Versions(string scope, int limit, CancellationToken cancellationToken) => Grain(scope).Versions(long.MaxValue, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<PolicyDecision> Save(string scope, PolicyChange change, long expected, string author, CancellationToken cancellationToken) => Grain(scope).Save(change, expected, author, cancellationToken);

    private IPolicyGrain Grain(string scope) => grains.GetGrain<IPolicyGrain>(IPolicyGrain.KeyOf(scope));
}
