using System.Text.Json.Serialization;
using EnergyTTT.History.Access;

namespace EnergyTTT.Silo.Keys;

/// <summary>What is wanted of a new key.</summary>
public sealed record NewKey
{
    /// <summary>agent, engine, viewer, operator or administrator.</summary>
    public string? Role { get; init; }

    /// <summary>Who owns it; an owner has at most two live keys.</summary>
    public string? Owner { get; init; }

    /// <summary>Hosts it is bound to; none: any.</summary>
    public string[]? Hosts { get; init; }

    /// <summary>Deployments it is bound to; none: any.</summary>
    public string[]? Deployments { get; init; }

    /// <summary>When it ends by itself.</summary>
    public DateTimeOffset? Expires { get; init; }
}

/// <summary>A key that was made. The key itself is shown this once.</summary>
/// <param name="Id">Its id, safe to show.</param>
/// <param name="Key">The secret to send as a bearer.</param>
public sealed record CreatedKey(string Id, string Key);

/// <summary>One page of the list of keys.</summary>
/// <param name="Keys">Newest first, ended ones too; never the secret.</param>
/// <param name="Cursor">To be given for the next page; null on the last.</param>
public sealed record KeyPage(IReadOnlyList<ApiKeyInfo> Keys, string? Cursor);

/// <summary>Source-generated JSON of keys.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(CreatedKey))]
[JsonSerializable(typeof(KeyPage))]
internal sealed partial class KeyJson : JsonSerializerContext;
