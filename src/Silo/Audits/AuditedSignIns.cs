using System.Security.Claims;
using EnergyTTT.History.Access;
using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Silo.Audits;

/// <summary>Identity's own sign-in, which also notes in the audit log who came in. Failed attempts of known people are noted by <see cref="AuditedPeople"/>.</summary>
public sealed class AuditedSignIns(
    UserManager<Person> people,
    IHttpContextAccessor http,
    IUserClaimsPrincipalFactory<Person> principals,
    IOptions<IdentityOptions> options,
    ILogger<SignInManager<Person>> logger,
    IAuthenticationSchemeProvider schemes,
    IUserConfirmation<Person> confirmation,
    AuditLog audit)
    : SignInManager<Person>(people, http, principals, options, logger, schemes, confirmation)
{
    private readonly IHttpContextAccessor _http = http;

    private bool _renews;

    /// <inheritdoc/>
    public override async Task RefreshSignInAsync(Person user)
    {
        // The same person goes on under a new cookie: nobody came in.
        _renews = true;
        await base.RefreshSignInAsync(user);
        _renews = false;
    }

    /// <inheritdoc/>
    public override async Task SignInWithClaimsAsync(Person user, AuthenticationProperties? authenticationProperties, IEnumerable<Claim> additionalClaims)
    {
        ArgumentNullException.ThrowIfNull(user);
        await base.SignInWithClaimsAsync(user, authenticationProperties, additionalClaims);
        if (_renews)
        {
            return;
        }

        var subject = Actors.Of(user.UserName);
        var detail = new Dictionary<string, string?> { ["address"] = _http.HttpContext?.Connection.RemoteIpAddress?.ToString() };
        await audit.Append(subject, "person.sign_in", subject, detail, CancellationToken.None);
    }
}
