using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Policies;

/// <summary>The policy of one scope (<c>var-scope</c>): effective values with where each comes from, an editor, and all versions (<c>var-version</c> shows one).</summary>
public partial class PoliciesPage
{
    private const int VersionsShown = 100;
    private const int ProposalsShown = 20;
    private (PolicyVersion Start, PolicyDocument Contents)? _taken;

    /// <summary>Who is asked.</summary>
    [Inject] public required IPolicySource Source { get; set; }

    private string Scope => State["scope"] ?? PolicyScopes.Fleet;

    private long? Version => long.TryParse(State["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    // The version that it was made from may be older than what is listed; its author then settles every field that the proposal sets.
    private void TakeUp(PolicyProposal proposal, PolicyScreen screen) =>
        _taken = (screen.Versions.FirstOrDefault(version => version.Version == proposal.BaseVersion) ?? PolicyVersion.Unset(proposal.Scope), proposal.Document);

    /// <inheritdoc/>
    protected override async Task<PolicyScreen?> Ask(CancellationToken cancellationToken)
    {
        var scope = Scope;
        var scopes = await Source.Scopes(cancellationToken);
        if (!scopes.Contains(scope))
        {
            return null;
        }

        var chain = await Source.Chain(scope, cancellationToken);
        return new(scopes, chain[^1], chain[..^1], await Source.Versions(scope, VersionsShown, cancellationToken), await Source.Rollout(scope, cancellationToken))
        {
            Waiting = await Source.Waiting(cancellationToken),
            Decided = [.. (await Source.Proposals(scope, ProposalsShown, cancellationToken)).Where(one => one.State != ProposalState.Pending)],
        };
    }
}

/// <summary>What the page shows.</summary>
/// <param name="Scopes">The scopes that may be chosen.</param>
/// <param name="Current">The version in force in the chosen scope.</param>
/// <param name="Wider">The versions in force in the wider scopes, widest first; empty for the fleet.</param>
/// <param name="Versions">The versions of the chosen scope, newest first.</param>
/// <param name="Rollout">The newest rollout of the scope; null when there never was one.</param>
public sealed record PolicyScreen(ImmutableArray<string> Scopes, PolicyVersion Current, ImmutableArray<PolicyVersion> Wider, ImmutableArray<PolicyVersion> Versions, RolloutProgress? Rollout)
{
    /// <summary>What waits for a second person, in every scope.</summary>
    public ImmutableArray<PolicyProposal> Waiting { get; init; } = [];

    /// <summary>The newest proposals of the chosen scope that wait no more.</summary>
    public ImmutableArray<PolicyProposal> Decided { get; init; } = [];
}
