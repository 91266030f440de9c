using System.Text.Encodings.Web;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Problems;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.Silo.Access;

/// <summary>Recognises the holder of an API key by <c>Authorization: Bearer ettt_...</c>. The secret itself is never logged.</summary>
internal sealed class ApiKeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ApiKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>The name of the scheme.</summary>
    public const string SchemeName = "key";

    private const string Prefix = "Bearer ";

    private bool _unknown;

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        ApiKeyGrant? grant;
        try
        {
            grant = await keys.Verify(header[Prefix.Length..].Trim(), Context.RequestAborted);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            // Whether the key is good cannot be known now; a sender must hear "later" and not "never".
            _unknown = true;
            return AuthenticateResult.Fail("The database with the keys does not answer.");
        }

        return grant is null
            ? AuthenticateResult.Fail("The key is unknown, expired or revoked.")
            : AuthenticateResult.Success(new AuthenticationTicket(Grants.Principal(grant), SchemeName));
    }

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_unknown)
        {
            return Response.Write(new Problem(429, "busy", "The database is away.", "Nothing was stored; send the same again.") { RetryAfter = TimeSpan.FromSeconds(2) }, Context.RequestAborted);
        }

        Response.Headers.WWWAuthenticate = "Bearer realm=\"EnergyTTT\"";
        var problem = Request.Headers.Authorization.Count == 0
            ? new Problem(401, "key_missing", "A key is needed.", "Send Authorization: Bearer with an API key; 'energyttt keys create --local --role ROLE' makes one.")
            : new Problem(401, "key_refused", "The key is not accepted.", "It is unknown, mistyped, expired or revoked.");
        return Response.Write(problem, Context.RequestAborted);
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Response.Write(new Problem(403, "role_not_allowed", "The role does not allow this.", "Use a key, or sign in as a person, with a role that does."), Context.RequestAborted);
}
