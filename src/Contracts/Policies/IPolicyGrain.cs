using System.Collections.Immutable;
using EnergyTTT.Contracts.Proposals;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;
using Orleans.Concurrency;

namespace EnergyTTT.Contracts.Policies;

/// <summary>
/// The policy of one scope. Key: <c>policy/SCOPE</c>, such as <c>policy/fleet</c> or <c>policy/deployment/qwen</c>. Called by the API, the
/// portal and deployments. A version that was answered as saved is durable; reads may be repeated freely.
/// </summary>
[GrainInterfaceType("policy")]
public interface IPolicyGrain : IGrainWithStringKey
{
    /// <summary>The key of a scope's grain.</summary>
    static string KeyOf(string scope) => "policy/" + scope;

    /// <summary>The version in force; version 0 with an empty document when nothing was ever set.</summary>
    [Alias("current"), AlwaysInterleave]
    Task<PolicyVersion> Current(CancellationToken cancellationToken = default);

    /// <summary>Versions below <paramref name="before"/>, newest first, at most <paramref name="limit"/> (1 to 500).</summary>
    [Alias("versions"), AlwaysInterleave]
    Task<ImmutableArray<PolicyVersion>> Versions(long before, int limit, CancellationToken cancellationToken = default);

    /// <summary>The versions in force of this scope and of all wider ones, widest first.</summary>
    [Alias("chain"), AlwaysInterleave]
    Task<ImmutableArray<PolicyVersion>> Chain(CancellationToken cancellationToken = default);

    /// <summary>Every scope that may be set (the fleet, then deployments, sites, racks and hosts by name), with the version in force in each. Any scope's grain answers the same.</summary>
    [Alias("scopes"), AlwaysInterleave]
    Task<ImmutableArray<PolicyVersion>> Scopes(CancellationToken cancellationToken = default);

    /// <summary>Everything that is wrong with what the scope is to set: by itself, with what the wider scopes set, and with what the narrower ones set. Nothing is saved.</summary>
    [Alias("check"), AlwaysInterleave]
    Task<ImmutableArray<PolicyMistake>> Check(PolicyDocument document, CancellationToken cancellationToken = default);

    /// <summary>Begins to try a new version on a part of the routers if <paramref name="expected"/> is the one in force and no other rollout is open here. Where approval is asked for it waits as a proposal.</summary>
    [Alias("roll")]
    Task<RolloutDecision> Roll(RolloutRequest request, long expected, string author, CancellationToken cancellationToken = default);

    /// <summary>Changes a rollout of this scope; unknown when it is another scope's.</summary>
    [Alias("act")]
    Task<RolloutDecision> Act(long rollout, RolloutAction action, RolloutOrder order, string actor, CancellationToken cancellationToken = default);

    /// <summary>What is in force here has changed, or who is to try what: tells the deployments.</summary>
    [Alias("changed"), AlwaysInterleave]
    Task Changed(CancellationToken cancellationToken = default);

    /// <summary>Saves a new version if <paramref name="expected"/> is the one in force and the document has no mistake. Where approval is asked for it waits as a proposal.</summary>
    [Alias("save")]
    Task<PolicyDecision> Save(PolicyChange change, long expected, string author, CancellationToken cancellationToken = default);

    /// <summary>
    /// Approves, rejects or withdraws a proposal of this scope. To approve or reject takes another person than its author; what was answered as done is durable, and an approved
    /// change is in force, or tried.
    /// </summary>
    [Alias("decide")]
    Task<ProposalDecision> Decide(long proposal, ProposalVerdict verdict, string? reason, string actor, CancellationToken cancellationToken = default);
}

/// <summary>What became of a change.</summary>
/// <param name="Outcome">Whether it was saved.</param>
/// <param name="Current">The version that is in force now.</param>
/// <param name="Mistakes">What is wrong with it; empty unless refused.</param>
/// <param name="Proposal">What it waits as; null unless proposed.</param>
[GenerateSerializer, Immutable, Alias("policy-decision")]
public sealed record PolicyDecision(
    [property: Id(0)] PolicyOutcome Outcome,
    [property: Id(1)] PolicyVersion Current,
    [property: Id(2)] ImmutableArray<PolicyMistake> Mistakes,
    [property: Id(3)] PolicyProposal? Proposal = null);

/// <summary>What became of a change.</summary>
[GenerateSerializer, Alias("policy-outcome")]
public enum PolicyOutcome
{
    /// <summary>It is the version in force now.</summary>
    Saved = 0,

    /// <summary>Somebody else saved meanwhile; nothing was changed.</summary>
    Conflict = 1,

    /// <summary>It has mistakes; nothing was changed.</summary>
    Refused = 2,

    /// <summary>A rollout is open in the scope: promote it or roll it back first. Nothing was changed.</summary>
    RollingOut = 3,

    /// <summary>It waits as a proposal for another person.</summary>
    Proposed = 4,
}
