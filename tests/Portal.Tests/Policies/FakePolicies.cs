using System.Collections.Immutable;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Proposals;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Portal.Tests.Policies;

/// <summary>Policies in memory, saved by the rules of the real grain: validated, optimistic, numbered across the fleet.</summary>
public sealed class FakePolicies(TimeProvider clock) : IPolicySource
{
    private readonly List<PolicyVersion> _versions = [];
    private readonly List<PolicyProposal> _proposals = [];

    /// <summary>The scopes beside the fleet.</summary>
    public ImmutableArray<string> Deployments { get; set; } = ["olmoe-fra", "qwen-ams"];

    /// <summary>Every version, oldest first.</summary>
    public IReadOnlyList<PolicyVersion> All => _versions;

    /// <inheritdoc/>
    public Task<ImmutableArray<string>> Scopes(CancellationToken cancellationToken) => Task.FromResult<ImmutableArray<string>>([PolicyScopes.Fleet, .. Deployments.Select(PolicyScopes.Deployment), "site/ams", "rack/r07"]);

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyVersion>> Chain(string scope, CancellationToken cancellationToken) => Task.FromResult<ImmutableArray<PolicyVersion>>([.. Wider(scope).Append(scope).Select(Newest)]);

    /// <inheritdoc/>
    public Task<PolicyVersion> Current(string scope, CancellationToken cancellationToken) => Task.FromResult(Newest(scope));

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyVersion>> Versions(string scope, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<PolicyVersion>>([.. _versions.Where(version => version.Scope == scope).Reverse().Take(limit)]);

    /// <inheritdoc/>
    public Task<PolicyDecision> Save(string scope, PolicyChange change, long expected, string author, CancellationToken cancellationToken)
    {
        var mistakes = PolicyCatalogue.Validate(scope, change.Document, Wider(scope).Select(one => Newest(one).Document));
        var current = Newest(scope);
        if (!mistakes.IsEmpty)
        {
            return Task.FromResult(new PolicyDecision(PolicyOutcome.Refused, current, mistakes));
        }

        if (current.Version != expected)
        {
            return Task.FromResult(new PolicyDecision(PolicyOutcome.Conflict, current, []));
        }

        if (Wider(scope).Append(scope).Select(one => Newest(one).Document.Approval).LastOrDefault(rule => rule is not null) == ApprovalRule.Required)
        {
            var waits = new PolicyProposal
            {
                Id = _proposals.Count + 1, Scope = scope, BaseVersion = expected, Document = change.Document, Author = author, Reason = change.Reason, State = ProposalState.Pending, CreatedAt = clock.GetUtcNow(), ExpiresAt = clock.GetUtcNow().AddDays(7),
            };
            _proposals.Add(waits);
            return Task.FromResult(new PolicyDecision(PolicyOutcome.Proposed, current, [], waits));
        }

        return Task.FromResult(new PolicyDecision(PolicyOutcome.Saved, Keep(scope, change, author, null), []));
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyProposal>> Waiting(CancellationToken cancellationToken) => Task.FromResult<ImmutableArray<PolicyProposal>>([.. _proposals.Where(one => one.State == ProposalState.Pending).Reverse()]);

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyProposal>> Proposals(string scope, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<PolicyProposal>>([.. _proposals.Where(one => one.Scope == scope).Reverse().Take(limit)]);

    /// <inheritdoc/>
    public Task<ProposalDecision> Decide(string scope, long proposal, ProposalVerdict verdict, string? reason, string actor, CancellationToken cancellationToken)
    {
        var found = _proposals.FirstOrDefault(one => one.Id == proposal && one.Scope == scope);
        if (found is null || found.State != ProposalState.Pending || (found.Author == actor) != (verdict == ProposalVerdict.Withdraw))
        {
            return Task.FromResult(new ProposalDecision(found is null ? ProposalOutcome.Unknown : found.State != ProposalState.Pending ? ProposalOutcome.Over : ProposalOutcome.NotYours, found, []));
        }

        if (verdict == ProposalVerdict.Approve && Newest(scope).Version != found.BaseVersion)
        {
            return Task.FromResult(new ProposalDecision(ProposalOutcome.Conflict, found, []));
        }

        var version = verdict == ProposalVerdict.Approve ? Keep(scope, new(found.Document, found.Reason), found.Author, actor).Version : (long?)null;
        var decided = found with
        {
            State = verdict switch { ProposalVerdict.Approve => ProposalState.Approved, ProposalVerdict.Reject => ProposalState.Rejected, _ => ProposalState.Withdrawn }, DecidedBy = actor, DecidedAt = clock.GetUtcNow(), DecisionReason = reason, Version = version,
        };
        _proposals[_proposals.IndexOf(found)] = decided;
        return Task.FromResult(new ProposalDecision(ProposalOutcome.Done, decided, []));
    }

    /// <summary>Another person proposes.</summary>
    public async Task<PolicyProposal> ProposedBy(string author, string scope, PolicyDocument document, string reason = "because") =>
        (await Save(scope, new(document, reason), Newest(scope).Version, author, CancellationToken.None)).Proposal!; // of a scope that asks for approval

    private PolicyVersion Keep(string scope, PolicyChange change, string author, string? approvedBy)
    {
        var saved = new PolicyVersion(scope, _versions.Count + 1, change.Document, author, change.Reason, clock.GetUtcNow(), approvedBy);
        _versions.Add(saved);
        return saved;
    }

    /// <summary>The newest rollout.</summary>
    public RolloutProgress? Tried { get; set; }

    /// <inheritdoc/>
    public Task<BacktestReport> Backtest(string scope, BacktestRequest request, CancellationToken cancellationToken)
    {
        // A made-up law: half of the mass that is given up is saved.
        var (now, then) = (new BacktestFigures(1, 300, 60, 0.5, 0.98, 20), new BacktestFigures(1, 290, 59, 0.5 * (1 - ((0.95 - (request.Document.RetainedMassMin ?? 0.95)) / 2)), 0.96, 18));
        return Task.FromResult(new BacktestReport(scope, clock.GetUtcNow().AddHours(-request.Hours), clock.GetUtcNow(), "modelled", 12, 4, [new("qwen-ams", 100, 12, 4, now, then, new(3.2, 0.004, 0.8, 20))], [], now, then));
    }

    /// <summary>What was done to rollouts.</summary>
    public List<(RolloutAction Action, RolloutOrder Order, string Actor)> Acts { get; } = [];

    /// <inheritdoc/>
    public Task<RolloutProgress?> Rollout(string scope, CancellationToken cancellationToken) => Task.FromResult(Tried?.Rollout.Scope == scope ? Tried : null);

    /// <inheritdoc/>
    public Task<RolloutDecision> Roll(string scope, RolloutRequest request, long expected, string author, CancellationToken cancellationToken)
    {
        var mistakes = RolloutRules.Check(request, scope);
        if (!mistakes.IsEmpty)
        {
            return Task.FromResult(new RolloutDecision(RolloutOutcome.Refused, null, mistakes));
        }

        var rollout = new Rollout
        {
            Id = 7, Scope = scope, BaseVersion = expected, Version = 100, Document = request.Document, State = RolloutState.Running, Revision = 1, Author = author, Reason = request.Reason,
            Plan = new() { Share = request.Share ?? 0.05, Guards = request.Guards ?? new(), PromoteAfterSeconds = request.PromoteAfterSeconds }, StartedAt = clock.GetUtcNow(), ChangedAt = clock.GetUtcNow(), ChangedBy = author,
        };
        Tried = new(rollout, 2, 1, 4, [new("qwen-ams", [0, 2, 1, 0], [3, 100, 3, 3], 2, 1)], [new("latency_p95", "qwen-ams", GuardState.Holds, "p95 12 ms, 12 ms before; bound 13 ms", 12, 12, 13)], clock.GetUtcNow());
        return Task.FromResult(new RolloutDecision(RolloutOutcome.Done, rollout, []));
    }

    /// <inheritdoc/>
    public Task<RolloutDecision> Act(string scope, long rollout, RolloutAction action, RolloutOrder order, string actor, CancellationToken cancellationToken)
    {
        Acts.Add((action, order, actor));
        var state = action switch { RolloutAction.Pause => RolloutState.Paused, RolloutAction.Promote => RolloutState.Promoted, RolloutAction.RollBack => RolloutState.RolledBack, _ => RolloutState.Running };
        Tried = Tried! with { Rollout = Tried.Rollout with { State = state, ChangedBy = actor, Cause = order.Reason } };
        return Task.FromResult(new RolloutDecision(RolloutOutcome.Done, Tried.Rollout, []));
    }

    /// <summary>Saves what somebody else sets.</summary>
    public async Task<PolicyVersion> By(string author, string scope, PolicyDocument document, string reason = "because") =>
        (await Save(scope, new(document, reason), Newest(scope).Version, author, CancellationToken.None)).Current;

    private static IEnumerable<string> Wider(string scope) => scope == PolicyScopes.Fleet ? [] : scope == "rack/r07" ? [PolicyScopes.Fleet, "site/ams"] : [PolicyScopes.Fleet];

    private PolicyVersion Newest(string scope) => _versions.LastOrDefault(version => version.Scope == scope) ?? new(scope, 0, new(), "", "", DateTimeOffset.UnixEpoch);
}
