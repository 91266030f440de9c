using System.Globalization;
using System.Security.Claims;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.Silo.Governance;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Access;

namespace EnergyTTT.Silo.Alerts;

/// <summary>What all endpoints of alerts share: who asks, whom they ask, and how a refusal is told.</summary>
internal static class AlertAnswers
{
    public const int MostBytes = 64 << 10;

    public static IAlertsGrain Grain(IGrainFactory grains) => grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key);

    public static string Actor(ClaimsPrincipal user) => Actors.Of(user.Identity?.Name);

    /// <summary>The answer to a change; <paramref name="done"/> tells what was done.</summary>
    public static IResult Of(AlertDecision decision, string thing, Func<AlertDecision, IResult> done) => decision.Outcome switch
    {
        AlertOutcome.Done => done(decision),
        AlertOutcome.Conflict => new Problem(412, "version_conflict", "Somebody saved meanwhile.", string.Create(CultureInfo.InvariantCulture, $"Version {decision.Version} of {thing} is the newest (0: there is none); read it again.")).ToResult(),
        AlertOutcome.Unknown => new Problem(404, "alert_unknown", "There is no such thing.", $"There is no {thing}, or it is over.").ToResult(),
        _ => PolicyEndpoints.Mistakes("alert_mistakes", "There are mistakes.", decision.Mistakes).ToResult(),
    };
}
