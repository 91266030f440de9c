using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;

namespace EnergyTTT.Portal.Access;

/// <summary>
/// Asks again, on the server and at the moment of the deed, whether the person of a circuit may do something: a hidden button is no
/// protection, and a session that was ended a second ago counts no more.
/// </summary>
public sealed class PersonGuard(AuthenticationStateProvider people, IAuthorizationService rules)
{
    /// <summary>Said to who may not act.</summary>
    public const string Refusal = "You may look but not change anything here: an operator or an administrator can.";

    /// <summary>The name of the person, or null when the policy, or the scopes that the person is bound to, do not allow it.</summary>
    /// <param name="policy">One of <see cref="AccessPolicies"/>, which knows the scopes that a person is bound to.</param>
    /// <param name="scope">What the deed belongs to, such as <c>deployment/qwen</c>; null: nothing in particular.</param>
    public async Task<string?> NameIf(string policy, string? scope = null)
    {
        var state = await people.GetAuthenticationStateAsync();
        if (people is CircuitAuthentication circuit && !await circuit.CountsNow(state))
        {
            return null;
        }

        return (await rules.AuthorizeAsync(state.User, scope, policy)).Succeeded ? state.User.Identity?.Name : null;
    }
}
