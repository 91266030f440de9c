using System.Runtime.CompilerServices;
using System.Security.Claims;
using EnergyTTT.History.Access;

namespace EnergyTTT.Silo.Access;

/// <summary>Ties what a key allows to the principal of a request.</summary>
public static class Grants
{
    // A verified key gives the same grant object until it is looked up again, so its principal is made once and not per batch.
    private static readonly ConditionalWeakTable<ApiKeyGrant, ClaimsPrincipal> Principals = [];

    /// <summary>The principal of a key's holder: named after the key's id, with the key's role.</summary>
    public static ClaimsPrincipal Principal(ApiKeyGrant grant) =>
        Principals.GetValue(grant, static it => new ClaimsPrincipal(new KeyIdentity(it)));

    /// <summary>What the key of this request allows.</summary>
    /// <exception cref="InvalidOperationException">The request came without a key; the endpoint's policy should have refused it.</exception>
    public static ApiKeyGrant Of(ClaimsPrincipal user) =>
        (user.Identity as KeyIdentity)?.Grant ?? throw new InvalidOperationException("The endpoint is for holders of keys; its policy must ask for one.");

    /// <summary>Whether the request came with a key.</summary>
    public static bool IsKey(ClaimsPrincipal user) => user.Identity is KeyIdentity;

    private sealed class KeyIdentity(ApiKeyGrant grant) : ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, "key/" + grant.Id), new Claim(ClaimTypes.Name, "key/" + grant.Id), new Claim(ClaimTypes.Role, grant.Role)],
        ApiKeyHandler.SchemeName)
    {
        public ApiKeyGrant Grant => grant;
    }
}
