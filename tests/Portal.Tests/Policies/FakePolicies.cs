using System.Collections.Immutable;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Tests.Policies;

/// <summary>Policies in memory, saved by the rules of the real grain: validated, optimistic, numbered across the fleet.</summary>
public sealed class FakePolicies(TimeProvider clock) : IPolicySource
{
    private readonly List<PolicyVersion> _versions = [];

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

        var saved = new PolicyVersion(scope, _versions.Count + 1, change.Document, author, change.Reason, clock.GetUtcNow());
        _versions.Add(saved);
        return Task.FromResult(new PolicyDecision(PolicyOutcome.Saved, saved, []));
    }

    /// <summary>Saves what somebody else sets.</summary>
    public async Task<PolicyVersion> By(string author, string scope, PolicyDocument document, string reason = "because") =>
        (await Save(scope, new(document, reason), Newest(scope).Version, author, CancellationToken.None)).Current;

    private static IEnumerable<string> Wider(string scope) => scope == PolicyScopes.Fleet ? [] : scope == "rack/r07" ? [PolicyScopes.Fleet, "site/ams"] : [PolicyScopes.Fleet];

    private PolicyVersion Newest(string scope) => _versions.LastOrDefault(version => version.Scope == scope) ?? new(scope, 0, new(), "", "", DateTimeOffset.UnixEpoch);
}
