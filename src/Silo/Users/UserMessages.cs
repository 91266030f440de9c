using System.Collections.Immutable;
using System.Text.Json.Serialization;
using EnergyTTT.History.Access;

namespace EnergyTTT.Silo.Users;

/// <summary>What is wanted of a new person.</summary>
public sealed record NewUser
{
    /// <summary>The name to sign in with.</summary>
    public string? UserName { get; init; }

    /// <summary>What to call the person on pages; null: the user name.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Scopes that an operator is bound to, such as <c>deployment/qwen</c>; none: not bound.</summary>
    public string[]? Scopes { get; init; }

    /// <summary>None: the answer holds a one-time invitation. At least 12 characters; no rules of composition, but names, walks along the keyboard and common words are refused.</summary>
    public string? Password { get; init; }

    /// <summary>viewer, operator or administrator.</summary>
    public string? Role { get; init; }
}

/// <summary>What is to become of a person; what is null stays.</summary>
public sealed record UserChange
{
    /// <summary>viewer, operator or administrator.</summary>
    public string? Role { get; init; }

    /// <summary>Scopes that an operator is bound to; an empty list: not bound.</summary>
    public string[]? Scopes { get; init; }

    /// <summary>A new password. Sessions of the person end within half a minute.</summary>
    public string? Password { get; init; }

    /// <summary>True keeps the person out until it is false again.</summary>
    public bool? Locked { get; init; }
}

/// <summary>A person who can sign in.</summary>
/// <param name="Id">A UUID.</param>
/// <param name="UserName">The name to sign in with.</param>
/// <param name="DisplayName">What pages call the person; null: the user name.</param>
/// <param name="Role">viewer, operator or administrator; null: none, so nothing may be seen.</param>
/// <param name="Scopes">Scopes that an operator is bound to; empty: not bound.</param>
/// <param name="Created">When the account was made.</param>
/// <param name="TwoFactorEnabled">Whether a code of an authenticator is asked for.</param>
/// <param name="Passkeys">How many passkeys the person has.</param>
/// <param name="LockedUntil">Until when the person is kept out; null: not at all.</param>
/// <param name="Sessions">Live sessions.</param>
/// <param name="LastSeen">When the last request of any session came; null: never.</param>
/// <param name="InvitedUntil">Until when an unused invitation works; null: there is none.</param>
/// <param name="Invitation">The one-time link of an account that was made without a password; shown this once.</param>
public sealed record User(
    Guid Id,
    string UserName,
    string? DisplayName,
    string? Role,
    ImmutableArray<string> Scopes,
    DateTimeOffset Created,
    bool TwoFactorEnabled,
    int Passkeys,
    DateTimeOffset? LockedUntil,
    int Sessions,
    DateTimeOffset? LastSeen,
    DateTimeOffset? InvitedUntil,
    string? Invitation = null);

/// <summary>A one-time link with which a person chooses a password; shown this once.</summary>
public sealed record Invitation(string Link);

/// <summary>Live sessions of a person.</summary>
public sealed record UserSessions(ImmutableArray<SessionInfo> Sessions);

/// <summary>One page of people, by user name.</summary>
/// <param name="Users">The people.</param>
/// <param name="Cursor">To be given for the next page; null on the last.</param>
public sealed record UserPage(IReadOnlyList<User> Users, string? Cursor);

/// <summary>Source-generated JSON of people.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NewUser))]
[JsonSerializable(typeof(UserChange))]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(UserPage))]
[JsonSerializable(typeof(Invitation))]
[JsonSerializable(typeof(UserSessions))]
internal sealed partial class UserJson : JsonSerializerContext;
