using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Proposals;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Portal.Access;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Policies;

/// <summary>Saves policies for the person of a circuit, whose right is checked at that moment and whose name becomes the author.</summary>
public sealed partial class PolicyDesk(IPolicySource source, PersonGuard guard, ILogger<PolicyDesk> logger)
{
    /// <summary>Saves; null when the person may not.</summary>
    public async Task<PolicyDecision?> Save(string scope, PolicyChange change, long expected, CancellationToken cancellationToken = default)
    {
        if (await guard.NameIf(AccessPolicies.Operator, scope) is not { } person)
        {
            return null;
        }

        var decision = await source.Save(scope, change, expected, person, cancellationToken);
        Saved(logger, person, scope, decision.Outcome, decision.Current.Version);
        return decision;
    }

    /// <summary>Begins a rollout; null when the person may not.</summary>
    public async Task<RolloutDecision?> Roll(string scope, RolloutRequest request, long expected, CancellationToken cancellationToken = default) =>
        await guard.NameIf(AccessPolicies.Operator, scope) is { } person ? await source.Roll(scope, request, expected, person, cancellationToken) : null;

    /// <summary>Changes a rollout; null when the person may not.</summary>
    public async Task<RolloutDecision?> Act(string scope, long rollout, RolloutAction action, RolloutOrder order, CancellationToken cancellationToken = default) =>
        await guard.NameIf(AccessPolicies.Operator, scope) is { } person ? await source.Act(scope, rollout, action, order, person, cancellationToken) : null;

    /// <summary>Approves, rejects or withdraws a proposal; null when the person may not.</summary>
    public async Task<ProposalDecision?> Decide(string scope, long proposal, ProposalVerdict verdict, string? reason, CancellationToken cancellationToken = default) =>
        await guard.NameIf(AccessPolicies.Operator, scope) is { } person ? await source.Decide(scope, proposal, verdict, reason, person, cancellationToken) : null;

    [LoggerMessage(LogLevel.Information, "{Person} put a policy of {Scope}: {Outcome}, version {Version} is in force")]
    private static partial void Saved(ILogger logger, string person, string scope, PolicyOutcome outcome, long version);
}
