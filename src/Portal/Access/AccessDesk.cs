using EnergyTTT.History.Access;
using EnergyTTT.Wire.Access;

namespace EnergyTTT.Portal.Access;

/// <summary>What an administrator does to people and keys from a page: the right is asked for at the moment of each deed.</summary>
public sealed class AccessDesk(PersonGuard guard, PeopleKeeper people, ApiKeys keys)
{
    /// <summary>Said to who is no administrator.</summary>
    public const string Refusal = "Only administrators manage people and keys.";

    /// <summary>Does something to people; refused when the person of the circuit is no administrator any more.</summary>
    public async Task<PersonDecision> Do(Func<PeopleKeeper, Task<PersonDecision>> deed)
    {
        ArgumentNullException.ThrowIfNull(deed);
        return await guard.NameIf(AccessPolicies.Administrator) is null ? PersonDecision.Refused("role_not_allowed", Refusal) : await deed(people);
    }

    /// <summary>Does something to keys, in the name of the administrator; null when done, else why not.</summary>
    public async Task<string?> DoKey(Func<ApiKeys, string, Task<string?>> deed)
    {
        ArgumentNullException.ThrowIfNull(deed);
        if (await guard.NameIf(AccessPolicies.Administrator) is not { } person)
        {
            return Refusal;
        }

        try
        {
            return await deed(keys, Actors.Of(person));
        }
        catch (ApiKeyLimitException limit)
        {
            return limit.Message;
        }
    }
}
