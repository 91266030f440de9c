using System.Text.Json.Serialization;

namespace EnergyTTT.Silo.Users;

/// <summary>What is wanted of a new person.</summary>
public sealed record NewUser
{
    /// <summary>The name to sign in with.</summary>
    public string? UserName { get; init; }

    /// <summary>What to call the person on pages; null: the user name.</summary>
    public string? DisplayName { get; init; }

    /// <summary>At least 12 characters; no rules of composition, but names, walks along the keyboard and common words are refused.</summary>
    public string? Password { get; init; }

    /// <summary>viewer, operator or administrator.</summary>
    public string? Role { get; init; }
}

/// <summary>What is to become of a person; what is null stays.</summary>
public sealed record UserChange
{
    /// <summary>viewer, operator or administrator.</summary>
    public string? Role { get; init; }

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
/// <param name="Created">When the account was made.</param>
/// <param name="TwoFactorEnabled">Whether a second factor is asked for.</param>
/// <param name="LockedUntil">Until when the person is kept out; null: not at all.</param>
public sealed record User(Guid Id, string UserName, string? DisplayName, string? Role, DateTimeOffset Created, bool TwoFactorEnabled, DateTimeOffset? LockedUntil);

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
internal sealed partial class UserJson : JsonSerializerContext;
