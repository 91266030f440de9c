using System.Collections.Immutable;

namespace EnergyTTT.History.Access;

/// <summary>A person as administrators see them: never a password, never a secret of a second factor.</summary>
/// <param name="Id">The person.</param>
/// <param name="UserName">The name to sign in with.</param>
/// <param name="DisplayName">What pages call the person; null: the user name.</param>
/// <param name="Role">The strongest role; null: none.</param>
/// <param name="Scopes">Scopes that an operator is bound to; empty: not bound.</param>
/// <param name="Created">When the account was made, UTC.</param>
/// <param name="HasPassword">False: has not followed the invitation yet, or signs in elsewhere.</param>
/// <param name="HasAuthenticator">Whether a code of an authenticator is asked for.</param>
/// <param name="Passkeys">How many passkeys there are.</param>
/// <param name="LockedUntil">Until when the person is kept out; null: not at all.</param>
/// <param name="Sessions">Live sessions.</param>
/// <param name="LastSeen">When the last request of any session came; null: never.</param>
/// <param name="InvitedUntil">Until when an unused invitation works; null: there is none.</param>
/// <param name="Provider">The identity provider that the person comes from; null: none.</param>
public sealed record PersonInfo(
    Guid Id,
    string UserName,
    string? DisplayName,
    string? Role,
    ImmutableArray<string> Scopes,
    DateTimeOffset Created,
    bool HasPassword,
    bool HasAuthenticator,
    int Passkeys,
    DateTimeOffset? LockedUntil,
    int Sessions,
    DateTimeOffset? LastSeen,
    DateTimeOffset? InvitedUntil,
    string? Provider)
{
    /// <summary>Whether an administrator keeps the person out; a lock after wrong passwords lasts minutes.</summary>
    public bool IsDisabled(DateTimeOffset now) => LockedUntil > now.AddDays(1);
}
