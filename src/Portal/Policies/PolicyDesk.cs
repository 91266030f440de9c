using EnergyTTT.Contracts.Policies;
using EnergyTTT.Portal.Access;
using EnergyTTT.Wire.Policies;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Policies;

/// <summary>Saves policies for the person of a circuit, whose right is checked at that moment and whose name becomes the author.</summary>
public sealed partial class PolicyDesk(IPolicySource source, PersonGuard guard, ILogger<PolicyDesk> logger)
{
    /// <summary>Saves; null when the person may not.</summary>
    public async Task<PolicyDecision?> Save(string scope, PolicyChange change, long expected, CancellationToken cancellationToken = default)
    {
        if (await guard.NameIf(AccessPolicies.Operator) is not { } person)
        {
            return null;
        }

        var decision = await source.Save(scope, change, expected, person, cancellationToken);
        Saved(logger, person, scope, decision.Outcome, decision.Current.Version);
        return decision;
    }

    [LoggerMessage(LogLevel.Information, "{Person} put a policy of {Scope}: {Outcome}, version {Version} is in force")]
    private static partial void Saved(ILogger logger, string person, string scope, PolicyOutcome outcome, long version);
}
