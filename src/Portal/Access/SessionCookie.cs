using System.Security.Claims;
using EnergyTTT.History.Access;
using EnergyTTT.Wire.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Portal.Access;

/// <summary>
/// Ties the cookie of a person to a row of <see cref="Sessions"/>: every sign-in begins a new one and ends the one that the browser had (so a
/// planted cookie is worth nothing), every sign-out ends it, and a cookie whose session has ended is refused.
/// </summary>
public static class SessionCookie
{
    /// <summary>The claim that names the session.</summary>
    public const string Claim = "session";

    /// <summary>The claim that says how the person came in: <c>pwd</c>, <c>mfa</c>, <c>passkey</c>, or the name of a provider.</summary>
    public const string MethodClaim = "session-method";

    /// <summary>The session that a principal belongs to; null when none.</summary>
    public static string? Of(ClaimsPrincipal principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return principal.FindFirstValue(Claim);
    }

    internal static async Task Begin(CookieSigningInContext context)
    {
        if (context.Principal is not { Identity: ClaimsIdentity identity } principal || PersonOf(principal) is not { } person)
        {
            return;
        }

        var http = context.HttpContext;
        var sessions = http.RequestServices.GetRequiredService<Sessions>();
        await EndOf(http.User, sessions, http.RequestAborted);
        var method = http.Items[MethodItem] as string ?? principal.FindFirstValue("amr") ?? principal.FindFirstValue(ClaimTypes.AuthenticationMethod) ?? "other";
        foreach (var old in identity.FindAll(claim => claim.Type is Claim or MethodClaim).ToList())
        {
            identity.RemoveClaim(old);
        }

        var session = await sessions.Start(person, method, http.Connection.RemoteIpAddress?.ToString(), http.Request.Headers.UserAgent.ToString(), http.RequestAborted);
        identity.AddClaim(new Claim(Claim, session));
        identity.AddClaim(new Claim(MethodClaim, method));
        http.Items[RenewedItem] = session;
    }

    internal static async Task Validate(CookieValidatePrincipalContext context)
    {
        var services = context.HttpContext.RequestServices;
        if (context.Principal is not { } principal || Of(principal) is not { } session
            || await services.GetRequiredService<Sessions>().Find(session, isUse: true, context.HttpContext.RequestAborted) is not { IsLive: true } state
            || state.PersonId != PersonOf(principal) || state.SecurityStamp != StampOf(principal))
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(IdentityConstants.ApplicationScheme);
            return;
        }

        // Renews the claims from the database: a role that was given is there a moment later.
        await SecurityStampValidator.ValidatePrincipalAsync(context);
    }

    internal static async Task End(CookieSigningOutContext context) =>
        await EndOf(context.HttpContext.User, context.HttpContext.RequestServices.GetRequiredService<Sessions>(), context.HttpContext.RequestAborted);

    /// <summary>Keeps what a cookie says of its session when its claims are renewed.</summary>
    internal static Task Carry(SecurityStampRefreshingPrincipalContext context)
    {
        if (context is { CurrentPrincipal: { } before, NewPrincipal.Identity: ClaimsIdentity after })
        {
            after.AddClaims(before.Claims.Where(claim => claim.Type is Claim or MethodClaim or "amr" or ClaimTypes.AuthenticationMethod && !after.HasClaim(claim.Type, claim.Value)));
        }

        return Task.CompletedTask;
    }

    /// <summary>Where a page says how a person signed in, better than Identity's own claim does: that calls a passkey a password.</summary>
    internal const string MethodItem = "energyttt-sign-in-method";

    /// <summary>Where a page finds the session that this very request began.</summary>
    internal const string RenewedItem = "energyttt-session";

    internal static Guid? PersonOf(ClaimsPrincipal principal) => Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id) ? id : null;

    internal static string? StampOf(ClaimsPrincipal principal) => principal.FindFirstValue("AspNet.Identity.SecurityStamp");

    private static async Task EndOf(ClaimsPrincipal principal, Sessions sessions, CancellationToken cancellationToken)
    {
        if (Of(principal) is { } session && PersonOf(principal) is { } person)
        {
            var name = principal.Identity?.Name ?? "";
            await sessions.End(person, name, session, Actors.Of(name), cancellationToken);
        }
    }
}
