using System.Text.Encodings.Web;
using EnergyTTT.History.Access;
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

    private bool _unknown;

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (KeyProblems.Presented(Request) is not { } presented)
        {
            return AuthenticateResult.NoResult();
        }

        try
        {
            return await keys.Verify(presented, Context.RequestAborted) is { } grant
                ? AuthenticateResult.Success(new AuthenticationTicket(Grants.Principal(grant), SchemeName))
                : AuthenticateResult.Fail("The key is unknown, expired or revoked.");
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            _unknown = true;
            return AuthenticateResult.Fail("The database with the keys does not answer.");
        }
    }

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        KeyProblems.Answer(Context, _unknown ? KeyProblems.Away : Request.Headers.Authorization.Count == 0 ? KeyProblems.Missing : KeyProblems.Refused);

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => KeyProblems.Answer(Context, KeyProblems.NotAllowed);
}
