using System.Collections.Immutable;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Policies;

/// <summary>Reads and saves through the policy grains.</summary>
public sealed class GrainPolicySource(IGrainFactory grains) : IPolicySource
{
    /// <inheritdoc/>
    public async Task<ImmutableArray<string>> Scopes(CancellationToken cancellationToken) => [.. (await Grain(PolicyScopes.Fleet).Scopes(cancellationToken)).Select(version => version.Scope)];

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyVersion>> Chain(string scope, CancellationToken cancellationToken) => Grain(scope).Chain(cancellationToken);

    /// <inheritdoc/>
    public Task<PolicyVersion> Current(string scope, CancellationToken cancellationToken) => Grain(scope).Current(cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyVersion>> Versions(string scope, int limit, CancellationToken cancellationToken) => Grain(scope).Versions(long.MaxValue, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<PolicyDecision> Save(string scope, PolicyChange change, long expected, string author, CancellationToken cancellationToken) => Grain(scope).Save(change, expected, author, cancellationToken);

    private IPolicyGrain Grain(string scope) => grains.GetGrain<IPolicyGrain>(IPolicyGrain.KeyOf(scope));
}
