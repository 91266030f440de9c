using System.Runtime.CompilerServices;
using System.Security.Claims;
using EnergyTTT.Contracts.Access;
using EnergyTTT.History.Access;
using EnergyTTT.Wire.Access;
using EnergyTTT.Wire.Policies;

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

    // A person's own key acts under the person's name; an operator's key that is bound to deployments or hosts operates those alone.
    private static IEnumerable<Claim> Claims(ApiKeyGrant grant) =>
    [
        new Claim(ClaimTypes.NameIdentifier, Actors.KeyPrefix + grant.Id),
        new Claim(ClaimTypes.Name, grant.Person ?? Actors.KeyPrefix + grant.Id),
        new Claim(ClaimTypes.Role, grant.Role),
        .. Scopes(grant).Select(scope => new Claim(Caller.ScopeClaim, scope)),
    ];

    private static IEnumerable<string> Scopes(ApiKeyGrant grant)
    {
        List<string> bound = [.. grant.Deployments.Select(name => PolicyScopes.Deployment(name)), .. grant.Hosts.Select(name => PolicyScopes.Host(name))];
        return bound.Count == 0 ? grant.Scopes
            : bound.Where(scope => Caller.Covers(grant.Scopes, scope)).ToList() is { Count: > 0 } both ? both
            : ["none"];
    }

    private sealed class KeyIdentity(ApiKeyGrant grant) : ClaimsIdentity(Claims(grant), ApiKeyHandler.SchemeName)
    {
        public ApiKeyGrant Grant => grant;
    }
}
