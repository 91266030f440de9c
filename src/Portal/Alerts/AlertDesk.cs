using EnergyTTT.Contracts.Access;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.Portal.Access;
using EnergyTTT.Wire.Access;

namespace EnergyTTT.Portal.Alerts;

/// <summary>Changes what belongs to alerts for the person of a circuit, whose right is checked at that moment and whose name goes into the record.</summary>
public sealed class AlertDesk(IAlertSource source, PersonGuard guard)
{
    /// <summary>Does something if the person may; answers null when it is done, else a sentence for the person.</summary>
    /// <param name="policy">One of <see cref="AccessPolicies"/>.</param>
    /// <param name="deed">What is to be done, by whom.</param>
    /// <param name="done">Told of what was done.</param>
    public async Task<string?> Do(string policy, Func<IAlertsGrain, string, Task<AlertDecision>> deed, Action<AlertDecision>? done = null)
    {
        ArgumentNullException.ThrowIfNull(deed);
        if (await guard.NameIf(policy) is not { } person)
        {
            return PersonGuard.Refusal;
        }

        try
        {
            var decision = await deed(source.Grain, Actors.Of(person));
            if (decision.Outcome == AlertOutcome.Done)
            {
                done?.Invoke(decision);
            }

            return decision.Outcome switch
            {
                AlertOutcome.Done => null,
                AlertOutcome.Conflict => $"Somebody saved meanwhile: version {decision.Version} is the newest. Load the page again and look at it.",
                AlertOutcome.Unknown => "That is over, or was removed meanwhile.",
                _ => string.Join(" ", decision.Mistakes.Select(mistake => mistake.Reason + ".")),
            };
        }
        catch (NotAllowedException refusal)
        {
            return refusal.Message;
        }
#pragma warning disable CA1031 // The person is told; nothing was changed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"It could not be done: {exception.Message}";
        }
    }
}
