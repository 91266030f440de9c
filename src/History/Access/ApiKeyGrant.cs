using System.Collections.Immutable;

namespace EnergyTTT.History.Access;

/// <summary>What a presented key may do.</summary>
/// <param name="Id">The key's id, safe to log.</param>
/// <param name="Role">One of <see cref="ApiKeyRoles"/>.</param>
/// <param name="Hosts">The hosts it may send telemetry of; empty: any.</param>
/// <param name="Deployments">The deployments it may send feedback of; empty: any.</param>
public sealed record ApiKeyGrant(string Id, string Role, ImmutableArray<string> Hosts, ImmutableArray<string> Deployments)
{
    /// <summary>The user name of the person whose own key it is; null: a machine's.</summary>
    public string? Person { get; init; }

    /// <summary>The scopes that the person is bound to as an operator; empty: not bound.</summary>
    public ImmutableArray<string> Scopes { get; init; } = [];

    /// <summary>Whether the key is for this host.</summary>
    public bool CoversHost(string host) => Hosts.IsEmpty || Hosts.Contains(host, StringComparer.Ordinal);

    /// <summary>Whether the key is for this deployment.</summary>
    public bool CoversDeployment(string deployment) => Deployments.IsEmpty || Deployments.Contains(deployment, StringComparer.Ordinal);
}

/// <summary>The roles that a key can have.</summary>
public static class ApiKeyRoles
{
    /// <summary>Sends telemetry.</summary>
    public const string Agent = "agent";

    /// <summary>Sends feedback and asks for biases.</summary>
    public const string Engine = "engine";

    /// <summary>As the person's role: looks.</summary>
    public const string Viewer = PersonRoles.Viewer;

    /// <summary>As the person's role: acts.</summary>
    public const string Operator = PersonRoles.Operator;

    /// <summary>As the person's role: also manages.</summary>
    public const string Administrator = PersonRoles.Administrator;

    /// <summary>All of them: machines, then the roles of people.</summary>
    public static ImmutableArray<string> All { get; } = [Agent, Engine, Viewer, Operator, Administrator];
}

/// <summary>What is wanted of a new key.</summary>
/// <param name="Role">One of <see cref="ApiKeyRoles"/>.</param>
/// <param name="Owner">Who owns it, such as <c>agent/host-3</c>: an owner has at most two live keys, the old and the new one of a rotation. Null: the key stands alone, without such a limit.</param>
/// <param name="Hosts">Hosts it is bound to; empty: any.</param>
/// <param name="Deployments">Deployments it is bound to; empty: any.</param>
/// <param name="CreatedBy">Who asked, for the record.</param>
/// <param name="Expires">When it ends by itself; null: never.</param>
public sealed record ApiKeyRequest(
    string Role,
    string? Owner = null,
    ImmutableArray<string> Hosts = default,
    ImmutableArray<string> Deployments = default,
    string? CreatedBy = null,
    DateTimeOffset? Expires = null);

/// <summary>A key as it is listed: everything but the secret.</summary>
public sealed record ApiKeyInfo(
    string Id,
    string Role,
    string Owner,
    ImmutableArray<string> Hosts,
    ImmutableArray<string> Deployments,
    DateTimeOffset Created,
    string? CreatedBy,
    DateTimeOffset? Expires,
    DateTimeOffset? Revoked,
    string? RevokedBy,
    DateTimeOffset? LastUsed = null);

/// <summary>The owner has two live keys already.</summary>
public sealed class ApiKeyLimitException : Exception
{
    /// <summary>With the owner and the way out.</summary>
    public ApiKeyLimitException(string message)
        : base(message)
    {
    }
}
