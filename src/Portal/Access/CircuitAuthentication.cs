using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Access;

/// <summary>
/// Asks every ten seconds whether the session of a live circuit still counts; a circuit whose session was ended, or whose person was disabled,
/// removed or given another role, is signed out where it stands.
/// </summary>
public sealed class CircuitAuthentication(ILoggerFactory loggers, Sessions sessions) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    /// <inheritdoc/>
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(10);

    /// <summary>Whether the session counts now, without any memory: for the moment of a deed.</summary>
    public async Task<bool> CountsNow(AuthenticationState state, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(state);
        return SessionCookie.Of(state.User) is { } session && Counts(state, await sessions.FindNow(session, isUse: true, cancellationToken));
    }

    /// <inheritdoc/>
    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(authenticationState);
        return SessionCookie.Of(authenticationState.User) is { } session && Counts(authenticationState, await sessions.Find(session, isUse: false, cancellationToken));
    }

    private static bool Counts(AuthenticationState state, SessionState? session) =>
        session is { IsLive: true } && session.PersonId == SessionCookie.PersonOf(state.User) && session.SecurityStamp == SessionCookie.StampOf(state.User);
}
