using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Grains.Rollouts;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Policies;
using EnergyTTT.History.Rollouts;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Grains.Policies;

/// <inheritdoc cref="IPolicyGrain"/>
[GrainType("policy")]
internal sealed class PolicyGrain(PolicyStore store, RolloutStore rollouts, PolicyBook book, PolicyDirectory directory, DeploymentStore deployments, TimeProvider clock) : Grain, IPolicyGrain
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
        var wider = PolicyChains.WiderThan(_scope, await Fleet(cancellationToken));
        var page = await book.Fresh(cancellationToken);
        return [.. wider.Append(_scope).Select(page.Of)];
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyVersion>> Scopes(CancellationToken cancellationToken = default) => directory.Read(cancellationToken);

    /// <inheritdoc/>
    public async Task<ImmutableArray<PolicyMistake>> Check(PolicyDocument document, CancellationToken cancellationToken = default)
    {
        var fleet = await Fleet(cancellationToken);
        var page = await book.Fresh(cancellationToken);
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

    /// <inheritdoc/>
    public async Task<PolicyDecision> Save(PolicyChange change, long expected, string author, CancellationToken cancellationToken = default)
    {
        var mistakes = await Check(change.Document, cancellationToken);
        var reason = change.Reason ?? "";
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > 2000)
        {
            mistakes = mistakes.Add(new("reason", reason, "1 to 2000 characters", "a change needs a reason of 1 to 2000 characters, so that others can follow it"));
        }

        if (!mistakes.IsEmpty)
        {
            return new(PolicyOutcome.Refused, await Current(cancellationToken), mistakes);
        }

        var saved = await store.Save(_scope, expected, change.Document, author, reason, clock.GetUtcNow(), cancellationToken);
        if (saved is null)
        {
            _current = null;
            return new((await book.Fresh(cancellationToken)).RolloutIn(_scope) is null ? PolicyOutcome.Conflict : PolicyOutcome.RollingOut, await Current(cancellationToken), []);
        }

        (_current, _readAt) = (saved, clock.GetTimestamp());
        await Changed(cancellationToken);
        return new(PolicyOutcome.Saved, saved, []);
    }

    /// <inheritdoc/>
    public async Task<RolloutDecision> Roll(RolloutRequest request, long expected, string author, CancellationToken cancellationToken = default)
    {
        var mistakes = RolloutRules.Check(request, _scope).AddRange(await Check(request.Document, cancellationToken));
        var plan = new RolloutPlan { Share = request.Share ?? 0.05, Deployments = request.Deployments, Racks = request.Racks, Guards = request.Guards ?? new(), PromoteAfterSeconds = request.PromoteAfterSeconds };
        if (mistakes.IsEmpty)
        {
            var known = (await deployments.List(cancellationToken)).Where(one => PolicyScopes.ReachesDeployment(_scope, one.Name)).ToImmutableArray();
            (plan, mistakes) = RolloutChoice.Of(plan, known, await GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(-1, cancellationToken));
        }

        if (!mistakes.IsEmpty)
        {
            return new(RolloutOutcome.Refused, null, mistakes);
        }

        var rollout = await rollouts.Start(_scope, expected, plan, request.Document, author, request.Reason, clock.GetUtcNow(), cancellationToken);
        if (rollout is null)
        {
            return new(RolloutOutcome.Conflict, (await book.Fresh(cancellationToken)).RolloutIn(_scope), []);
        }

        await Changed(cancellationToken);
        await GrainFactory.GetGrain<IRolloutGrain>(IRolloutGrain.KeyOf(rollout.Id)).Wake();
        return new(RolloutOutcome.Done, rollout, []);
    }

    private async Task<FleetSnapshot?> Fleet(CancellationToken cancellationToken) =>
        PolicyScopes.ChainOf(_scope) == PolicyChain.Routing ? null : await GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(-1, cancellationToken);

    /// <inheritdoc/>
    public async Task<RolloutDecision> Act(long rollout, RolloutAction action, RolloutOrder order, string actor, CancellationToken cancellationToken = default) =>
        (await rollouts.Find(rollout, cancellationToken))?.Scope == _scope
            ? await GrainFactory.GetGrain<IRolloutGrain>(IRolloutGrain.KeyOf(rollout)).Act(action, order, actor, cancellationToken)
            : new(RolloutOutcome.Unknown, null, []);

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
}
