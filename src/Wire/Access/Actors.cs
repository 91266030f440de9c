namespace EnergyTTT.Wire.Access;

/// <summary>How whoever does something is named in the audit log and between grains: <c>person/NAME</c>, <c>key/ID</c>, or one of the names below.</summary>
public static class Actors
{
    /// <summary>What a person's user name follows.</summary>
    public const string PersonPrefix = "person/";

    /// <summary>What the id of a machine's key follows.</summary>
    public const string KeyPrefix = "key/";

    /// <summary>Who has not said who they are.</summary>
    public const string Nobody = "nobody";

    /// <summary>The server by itself.</summary>
    public const string Server = "server";

    /// <summary>Who owns the data folder.</summary>
    public const string Cli = "cli";

    /// <summary>The actor that a signed-in name stands for: that of a machine's key says so itself, all others are people. User names hold no slash.</summary>
    public static string Of(string? name) => string.IsNullOrEmpty(name) ? Nobody : name.Contains('/', StringComparison.Ordinal) ? name : PersonPrefix + name;

    /// <summary>Whether an actor is a person, be it by a cookie or by a key of their own.</summary>
    public static bool IsPerson(string actor) => actor?.StartsWith(PersonPrefix, StringComparison.Ordinal) == true;
}
