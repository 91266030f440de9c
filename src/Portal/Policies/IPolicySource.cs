using System.Collections.Immutable;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Proposals;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Portal.Policies;

/// <summary>Where pages read policies and save them. Tests put their own here.</summary>
public interface IPolicySource
{
    /// <summary>The scopes that a policy may be set in: the fleet, then deployments, sites, racks and hosts by name.</summary>
    Task<ImmutableArray<string>> Scopes(CancellationToken cancellationToken);

    /// <summary>The version in force in a scope; version 0 with an empty document when nothing was ever set there.</summary>
    Task<PolicyVersion> Current(string scope, CancellationToken cancellationToken);

    /// <summary>The versions in force of a scope and of all wider ones, widest first.</summary>
    Task<ImmutableArray<PolicyVersion>> Chain(string scope, CancellationToken cancellationToken);

    /// <summary>Versions of a scope, newest first.</summary>
    Task<ImmutableArray<PolicyVersion>> Versions(string scope, int limit, CancellationToken cancellationToken);

    /// <summary>The newest rollout of a scope with what its routers apply; null when there never was one.</summary>
    Task<RolloutProgress?> Rollout(string scope, CancellationToken cancellationToken);

    /// <summary>Begins to try a version on a part of the routers.</summary>
    Task<RolloutDecision> Roll(string scope, RolloutRequest request, long expected, string author, CancellationToken cancellationToken);

    /// <summary>Pauses, resumes, widens, promotes or rolls back a rollout of a scope.</summary>
    Task<RolloutDecision> Act(string scope, long rollout, RolloutAction action, RolloutOrder order, string actor, CancellationToken cancellationToken);

    /// <summary>What a draft would have done over the recorded past.</summary>
    Task<BacktestReport> Backtest(string scope, BacktestRequest request, CancellationToken cancellationToken);

    /// <summary>The changes that wait for a second person, in every scope, newest first.</summary>
    Task<ImmutableArray<PolicyProposal>> Waiting(CancellationToken cancellationToken);

    /// <summary>The newest proposals of a scope, whatever became of them.</summary>
    Task<ImmutableArray<PolicyProposal>> Proposals(string scope, int limit, CancellationToken cancellationToken);

    /// <summary>Approves, rejects or withdraws.</summary>
    Task<ProposalDecision> Decide(string scope, long proposal, ProposalVerdict verdict, string? reason, string actor, CancellationToken cancellationToken);

    /// <summary>Saves a new version if the expected one is still in force and nothing is wrong with it.</summary>
    Task<PolicyDecision> Save(string scope, PolicyChange change, long expected, string author, CancellationToken cancellationToken);
}
