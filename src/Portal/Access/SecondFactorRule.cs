using System.Security.Claims;
using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.Portal.Access;

/// <summary>
/// Where a role asks for a second factor, who signed in with a password alone does not have the role: not on pages, not at endpoints, not in grains, until an authenticator or a passkey is
/// set up (on the own account's page, which needs no role) and the person signs in with it. A provider answers for the sign-ins that come from it.
/// </summary>
public sealed class SecondFactorRule(IEnumerable<string> roles) : IClaimsTransformation
{
    /// <summary>The claim of who lacks the second factor.</summary>
    public const string Missing = "second-factor-missing";

    private const string Password = "pwd";
    private readonly string[] _roles = [.. roles];

    /// <summary>The roles of a setting such as <c>administrator, operator</c>.</summary>
    public static IEnumerable<string> Read(string? setting) => (setting ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Everything that is wrong with the setting, one sentence each.</summary>
    public static IEnumerable<string> Faults(string? setting) =>
        Read(setting).Where(role => !PersonRoles.All.Contains(role)).Select(role => $"Portal:SecondFactorRoles names '{role}'; {string.Join(", ", PersonRoles.All)} expected, with commas between.");

    /// <inheritdoc/>
    public Task<ClaimsPrincipal> TransformAsync(ClaimsPrincipal principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return Task.FromResult(principal.Identity is ClaimsIdentity { IsAuthenticated: true, AuthenticationType: var type } identity && type == IdentityConstants.ApplicationScheme
            && identity.FindFirst(SessionCookie.MethodClaim)?.Value is null or Password && _roles.Any(principal.IsInRole) ? Weaker(identity) : principal);
    }

    // A new one: the principal that came is written back into the cookie when it is renewed.
    private static ClaimsPrincipal Weaker(ClaimsIdentity identity) =>
        new(new ClaimsIdentity([.. identity.Claims.Where(claim => claim.Type != identity.RoleClaimType), new Claim(Missing, "true")], identity.AuthenticationType, identity.NameClaimType, identity.RoleClaimType));
}
