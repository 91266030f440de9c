using System.Collections.Immutable;
using EnergyTTT.Contracts.Access;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Proposals;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Grains.Rollouts;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Policies;
using EnergyTTT.History.Proposals;
using EnergyTTT.History.Rollouts;
using EnergyTTT.Wire.Access;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Grains.Policies;

/// <inheritdoc cref="IPolicyGrain"/>
[GrainType("policy")]
internal sealed class PolicyGrain(
    PolicyStore store, RolloutStore rollouts, ProposalStore proposals, PolicyBook book, PolicyDirectory directory, DeploymentStore deployments, IOptions<ProposalOptions> waiting, TimeProvider clock)
    : Grain, IPolicyGrain
{
    // A brief duplicate of this activation may have saved meanwhile, so what was read is trusted for so long only.
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private string _scope = "";
    private PolicyVersion? _current;
    private long _readAt;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _scope = this.GetPrimaryKeyString()["policy/".Length..];
        if (!PolicyScopes.IsScope(_scope))
        {
            throw new ArgumentException($"'{_scope}' is no scope of policies: 'fleet', 'deployment/NAME', 'site/NAME', 'rack/NAME' or 'host/NAME' expected.");
        }

        return base.OnActivateAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<PolicyVersion> Current(CancellationToken cancellationToken = default)
    {
        if (_current is null || clock.GetElapsedTime(_readAt) > Freshness)
        {
            var asked = clock.GetTimestamp();
            var read = await store.Current(_scope, cancellationToken);
            if (_current is null || read.Version >= _current.Version)
            {
                (_current, _readAt) = (read, asked);
            }
        }

        return _current;
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyVersion>> Versions(long before, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 500);

        return store.Versions(_scope, before, limit, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<PolicyVersion>> Chain(CancellationToken cancellationToken = default)
    {
        var (page, fleet) = await InForce(cancellationToken);
        return [.. PolicyChains.WiderThan(_scope, fleet).Append(_scope).Select(page.Of)];
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyVersion>> Scopes(CancellationToken cancellationToken = default) => directory.Read(cancellationToken);

    /// <inheritdoc/>
    public async Task<ImmutableArray<PolicyMistake>> Check(PolicyDocument document, CancellationToken cancellationToken = default)
    {
        var (page, fleet) = await InForce(cancellationToken);
        return Check(document, page, fleet);
    }

    /// <inheritdoc/>
    public async Task<PolicyDecision> Save(PolicyChange change, long expected, string author, CancellationToken cancellationToken = default)
    {
        var actor = Signed(author);
        var (page, fleet) = await InForce(cancellationToken);
        var mistakes = Check(change.Document, page, fleet).AddRange(ReasonMistakes(change.Reason ?? ""));
        if (!mistakes.IsEmpty)
        {
            return new(PolicyOutcome.Refused, page.Of(_scope), mistakes);
        }

        if (ApprovalRules.Asks(page, _scope, change.Document, fleet))
        {
            return !Actors.IsPerson(actor) ? new(PolicyOutcome.Refused, page.Of(_scope), [PersonWanted(author)])
                : page.Of(_scope).Version != expected ? new(PolicyOutcome.Conflict, page.Of(_scope), [])
                : new(PolicyOutcome.Proposed, page.Of(_scope), [], await proposals.Propose(_scope, expected, change.Document, null, author, change.Reason!, waiting.Value.Lifetime, cancellationToken)); // has no mistake
        }

        return await Put(expected, change, author, null, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<RolloutDecision> Roll(RolloutRequest request, long expected, string author, CancellationToken cancellationToken = default)
    {
        var actor = Signed(author);
        var (page, fleet) = await InForce(cancellationToken);
        var (plan, mistakes) = await Plan(request, page, fleet, cancellationToken);
        if (!mistakes.IsEmpty)
        {
            return new(RolloutOutcome.Refused, null, mistakes);
        }

        if (ApprovalRules.Asks(page, _scope, request.Document, fleet))
        {
            return !Actors.IsPerson(actor) ? new(RolloutOutcome.Refused, null, [PersonWanted(author)])
                : page.Of(_scope).Version != expected || page.RolloutIn(_scope) is not null ? new(RolloutOutcome.Conflict, page.RolloutIn(_scope), [])
                : new(RolloutOutcome.Proposed, null, [], await proposals.Propose(_scope, expected, request.Document, request, author, request.Reason, waiting.Value.Lifetime, cancellationToken));
        }

        return await Begin(request, plan, expected, author, null, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<RolloutDecision> Act(long rollout, RolloutAction action, RolloutOrder order, string actor, CancellationToken cancellationToken = default)
    {
        Signed(actor);
        return (await rollouts.Find(rollout, cancellationToken))?.Scope == _scope
            ? await GrainFactory.GetGrain<IRolloutGrain>(IRolloutGrain.KeyOf(rollout)).Act(action, order, actor, cancellationToken)
            : new(RolloutOutcome.Unknown, null, []);
    }

    /// <inheritdoc/>
    public async Task<ProposalDecision> Decide(long proposal, ProposalVerdict verdict, string? reason, string actor, CancellationToken cancellationToken = default)
    {
        var who = Signed(actor);
        if (await proposals.Find(proposal, cancellationToken) is not { } found || found.Scope != _scope)
        {
            return new(ProposalOutcome.Unknown, null, []);
        }

        if (found.State != ProposalState.Pending)
        {
            return new(ProposalOutcome.Over, found, []);
        }

        var isAuthor = string.Equals(Actors.Of(found.Author), who, StringComparison.OrdinalIgnoreCase);
        if (isAuthor != (verdict == ProposalVerdict.Withdraw) || !Actors.IsPerson(who))
        {
            return new(ProposalOutcome.NotYours, found, []);
        }

        if (reason?.Length > 2000 || (verdict == ProposalVerdict.Reject && string.IsNullOrWhiteSpace(reason)))
        {
            return new(ProposalOutcome.Refused, found, [new("reason", reason ?? "", "1 to 2000 characters", "rejecting needs a reason of 1 to 2000 characters, so that its author can follow it")]);
        }

        if (verdict == ProposalVerdict.Approve)
        {
            return await Approve(found, new(found.Id, actor, reason), cancellationToken);
        }

        var done = await proposals.Close(found, verdict == ProposalVerdict.Reject ? ProposalState.Rejected : ProposalState.Withdrawn, actor, reason, cancellationToken);
        return new(done ? ProposalOutcome.Done : ProposalOutcome.Over, await proposals.Find(proposal, cancellationToken), []);
    }

    /// <inheritdoc/>
    public async Task Changed(CancellationToken cancellationToken = default)
    {
        // Deployments look by themselves too; being told makes it quick.
        _current = null;
        foreach (var deployment in (await deployments.List(cancellationToken)).Where(one => PolicyScopes.ChainOf(_scope) == PolicyChain.Hardware || PolicyScopes.ReachesDeployment(_scope, one.Name)))
        {
            await GrainFactory.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(deployment.Name)).PolicyChanged();
        }
    }

    // What is wrong is looked for again: other scopes may have changed since it was proposed.
    private async Task<ProposalDecision> Approve(PolicyProposal proposal, Approval approval, CancellationToken cancellationToken)
    {
        var change = new PolicyChange(proposal.Document, proposal.Reason);
        var (page, fleet) = await InForce(cancellationToken);
        var (plan, mistakes) = proposal.Rollout is { } wanted ? await Plan(wanted, page, fleet, cancellationToken) : (null, Check(change.Document, page, fleet));
        if (!mistakes.IsEmpty)
        {
            return new(ProposalOutcome.Refused, proposal, mistakes);
        }

        var done = proposal.Rollout is { } request
            ? (await Begin(request, plan!, proposal.BaseVersion, proposal.Author, approval, cancellationToken)).Outcome == RolloutOutcome.Done // planned above
            : (await Put(proposal.BaseVersion, change, proposal.Author, approval, cancellationToken)).Outcome == PolicyOutcome.Saved;
        var now = await proposals.Find(proposal.Id, cancellationToken);
        return new(done ? ProposalOutcome.Done : now?.State == ProposalState.Pending ? ProposalOutcome.Conflict : ProposalOutcome.Over, now, []);
    }

    private async Task<PolicyDecision> Put(long expected, PolicyChange change, string author, Approval? approval, CancellationToken cancellationToken)
    {
        var saved = await store.Save(_scope, expected, change.Document, author, change.Reason, approval, cancellationToken);
        if (saved is null)
        {
            _current = null;
            return new((await book.Fresh(cancellationToken)).RolloutIn(_scope) is null ? PolicyOutcome.Conflict : PolicyOutcome.RollingOut, await Current(cancellationToken), []);
        }

        (_current, _readAt) = (saved, clock.GetTimestamp());
        await Changed(cancellationToken);
        return new(PolicyOutcome.Saved, saved, []);
    }

    private async Task<RolloutDecision> Begin(RolloutRequest request, RolloutPlan plan, long expected, string author, Approval? approval, CancellationToken cancellationToken)
    {
        var rollout = await rollouts.Start(_scope, expected, plan, request.Document, author, request.Reason, approval, cancellationToken);
        if (rollout is null)
        {
            return new(RolloutOutcome.Conflict, (await book.Fresh(cancellationToken)).RolloutIn(_scope), []);
        }

        await Changed(cancellationToken);
        await GrainFactory.GetGrain<IRolloutGrain>(IRolloutGrain.KeyOf(rollout.Id)).Wake();
        return new(RolloutOutcome.Done, rollout, []);
    }

    private async Task<(RolloutPlan Plan, ImmutableArray<PolicyMistake> Mistakes)> Plan(RolloutRequest request, PolicyPage page, FleetSnapshot? fleet, CancellationToken cancellationToken)
    {
        var mistakes = RolloutRules.Check(request, _scope).AddRange(Check(request.Document, page, fleet));
        var plan = new RolloutPlan { Share = request.Share ?? 0.05, Deployments = request.Deployments, Racks = request.Racks, Guards = request.Guards ?? new(), PromoteAfterSeconds = request.PromoteAfterSeconds };
        if (!mistakes.IsEmpty)
        {
            return (plan, mistakes);
        }

        var known = (await deployments.List(cancellationToken)).Where(one => PolicyScopes.ReachesDeployment(_scope, one.Name)).ToImmutableArray();
        return RolloutChoice.Of(plan, known, await GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(-1, cancellationToken));
    }

    private ImmutableArray<PolicyMistake> Check(PolicyDocument document, PolicyPage page, FleetSnapshot? fleet)
    {
        var mistakes = PolicyCatalogue.Validate(_scope, document, PolicyChains.WiderThan(_scope, fleet).Select(scope => page.Of(scope).Document));
        if (!mistakes.IsEmpty)
        {
            return mistakes;
        }

        // What a narrower scope sets was right under the policy of before; it must be so under this one.
        return
        [
            .. page.Versions.Values.Where(version => PolicyChains.Reaches(_scope, version.Scope, fleet)).OrderBy(version => version.Scope, StringComparer.Ordinal)
                .SelectMany(narrower => PolicyCatalogue.Validate(narrower.Scope, narrower.Document, PolicyChains.WiderThan(narrower.Scope, fleet).Select(scope => scope == _scope ? document : page.Of(scope).Document))
                    .Select(mistake => mistake with { Reason = $"in {narrower.Scope}, which sets fields of its own: {mistake.Reason}" })),
        ];
    }

    private static ImmutableArray<PolicyMistake> ReasonMistakes(string reason) => string.IsNullOrWhiteSpace(reason) || reason.Length > 2000
        ? [new("reason", reason, "1 to 2000 characters", "a change needs a reason of 1 to 2000 characters, so that others can follow it")]
        : [];

    private static PolicyMistake PersonWanted(string author) =>
        new("approval", author, "two people", $"this scope asks for the approval of a second person, and {author} is a machine: sign in, or use a personal key, so that two people stand behind the change");

    private async Task<(PolicyPage Page, FleetSnapshot? Fleet)> InForce(CancellationToken cancellationToken)
    {
        var fleet = PolicyScopes.ChainOf(_scope) == PolicyChain.Routing ? null : await GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(-1, cancellationToken);
        return (await book.Fresh(cancellationToken), fleet);
    }

    /// <summary>The actor whose name a change carries. Who calls from outside cannot sign for another.</summary>
    private static string Signed(string name)
    {
        var actor = Actors.Of(name);
        return Caller.Current is not { } caller || caller.Name == actor ? actor : throw new NotAllowedException($"{caller.Name} may not sign as {actor}.");
    }
}

/// <summary>How long proposals wait.</summary>
public sealed class ProposalOptions
{
    /// <summary>After this long nobody can approve one any more; hours:minutes:seconds.</summary>
    [System.ComponentModel.DataAnnotations.Range(typeof(TimeSpan), "00:00:01", "90.00:00:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(7);
}
