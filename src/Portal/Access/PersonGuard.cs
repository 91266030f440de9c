using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;

namespace EnergyTTT.Portal.Access;

/// <summary>Asks again, on the server and at the moment of the deed, whether the person of a circuit may do something: a hidden button is no protection.</summary>
public sealed class PersonGuard(AuthenticationStateProvider people, IAuthorizationService rules)
{
    /// <summary>Said to who may not act.</summary>
    public const string Refusal = "You may look but not change anything here: an operator or an administrator can.";

    /// <summary>The name of the person, or null when the policy does not allow it.</summary>
    public async Task<string?> NameIf(string policy)
    {
        var person = (await people.GetAuthenticationStateAsync()).User;
        return (await rules.AuthorizeAsync(person, policy)).Succeeded ? person.Identity?.Name ?? "somebody" : null;
    }
}
