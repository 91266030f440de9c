using System.Collections.Immutable;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.History.Policies;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Grains.Policies;

/// <inheritdoc cref="IPolicyGrain"/>
[GrainType("policy")]
public sealed class PolicyGrain(PolicyStore store, TimeProvider clock) : Grain, IPolicyGrain
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
            throw new ArgumentException($"'{_scope}' is no scope of policies: 'fleet' or 'deployment/NAME' expected.");
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
    public async Task<PolicyDecision> Save(PolicyChange change, long expected, string author, CancellationToken cancellationToken = default)
    {
        var mistakes = PolicyCatalogue.Validate(change.Document);
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
            return new(PolicyOutcome.Conflict, await Current(cancellationToken), []);
        }

        (_current, _readAt) = (saved, clock.GetTimestamp());
        return new(PolicyOutcome.Saved, saved, []);
    }
}
