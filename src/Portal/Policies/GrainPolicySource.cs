using System.Collections.Immutable;
using EnergyTTT.Contracts.Backtests;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Proposals;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.History.Proposals;
using EnergyTTT.History.Rollouts;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Portal.Policies;

/// <summary>Reads and saves through the policy grains.</summary>
public sealed class GrainPolicySource(IGrainFactory grains, RolloutStore rollouts, ProposalStore proposals) : IPolicySource
{
    private const int MostWaiting = 500;

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

    /// <inheritdoc/>
    public async Task<RolloutProgress?> Rollout(string scope, CancellationToken cancellationToken) =>
        await rollouts.List(scope, long.MaxValue, 1, cancellationToken) is [var newest] ? await Grain(newest.Id).Progress(cancellationToken) : null;

    /// <inheritdoc/>
    public Task<RolloutDecision> Roll(string scope, RolloutRequest request, long expected, string author, CancellationToken cancellationToken) => Grain(scope).Roll(request, expected, author, cancellationToken);

    /// <inheritdoc/>
    public Task<RolloutDecision> Act(string scope, long rollout, RolloutAction action, RolloutOrder order, string actor, CancellationToken cancellationToken) =>
        Grain(scope).Act(rollout, action, order, actor, cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyProposal>> Waiting(CancellationToken cancellationToken) => proposals.List(null, pending: true, long.MaxValue, MostWaiting, cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyProposal>> Proposals(string scope, int limit, CancellationToken cancellationToken) => proposals.List(scope, pending: false, long.MaxValue, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<ProposalDecision> Decide(string scope, long proposal, ProposalVerdict verdict, string? reason, string actor, CancellationToken cancellationToken) =>
        Grain(scope).Decide(proposal, verdict, reason, actor, cancellationToken);

    /// <inheritdoc/>
    public Task<BacktestReport> Backtest(string scope, BacktestRequest request, CancellationToken cancellationToken) => grains.GetGrain<IBacktestGrain>(IBacktestGrain.KeyOf(scope)).Run(request, cancellationToken);

    private IRolloutGrain Grain(long rollout) => grains.GetGrain<IRolloutGrain>(IRolloutGrain.KeyOf(rollout));

    private IPolicyGrain Grain(string scope) => grains.GetGrain<IPolicyGrain>(IPolicyGrain.KeyOf(scope));
}
