using System.Collections.Immutable;
using System.Security.Claims;
using EnergyTTT.Wire.Access;
using Orleans.Runtime;

namespace EnergyTTT.Contracts.Access;

/// <summary>
/// On whose behalf something is done. It travels with the calls of grains, so that a grain that changes things can ask; it is absent in what
/// the server does by itself (timers, the intake, a grain that calls another).
/// </summary>
/// <param name="Name">How the audit log names the caller: <c>person/NAME</c>, <c>key/ID</c>, or <c>nobody</c>.</param>
/// <param name="Role">agent, engine, viewer, operator or administrator; null: none, so nothing is allowed.</param>
/// <param name="Scopes">Scopes of policies that an operator is bound to, such as <c>deployment/qwen</c>; empty: not bound.</param>
public sealed record Caller(string Name, string? Role, ImmutableArray<string> Scopes)
{
    /// <summary>The type of the claims that bind an operator to scopes.</summary>
    public const string ScopeClaim = "scope";

    private const string Key = "energyttt.caller";

    // A person may have gathered several roles; the strongest counts.
    private static readonly string[] RolesByPower = ["administrator", "operator", "viewer", "engine", "agent"];

    /// <summary>Who has not said who they are.</summary>
    public static Caller Nobody { get; } = new(Actors.Nobody, null, []);

    /// <summary>The caller of what runs now; null: the server itself.</summary>
    public static Caller? Current =>
        RequestContext.Get(Key) is string text && text.Split('\n') is [var name, var role, .. var scopes] ? new(name, role.Length > 0 ? role : null, [.. scopes]) : null;

    /// <summary>Makes the caller that of everything that this request or event asks from here on.</summary>
    public static void Set(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        RequestContext.Set(Key, string.Join('\n', [caller.Name, caller.Role ?? "", .. caller.Scopes]));
    }

    /// <summary>The caller that a principal is. A machine's principal is named after its key; all others are people.</summary>
    public static Caller Of(ClaimsPrincipal principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return principal.Identity is { IsAuthenticated: true, Name: { } name }
            ? new(Actors.Of(name), RolesByPower.FirstOrDefault(principal.IsInRole), [.. principal.FindAll(ScopeClaim).Select(claim => claim.Value)])
            : Nobody;
    }

    /// <summary>Whether the caller may change what belongs to a scope: administrators everywhere, operators where they are not bound to others.</summary>
    public bool MayOperate(string scope) => Role == "administrator" || (Role == "operator" && Covers(Scopes, scope));

    /// <summary>Whether a list of scopes covers one: none covers all, <c>fleet</c> covers all, <c>deployment/*</c> covers all deployments.</summary>
    public static bool Covers(ImmutableArray<string> scopes, string scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return scopes.IsEmpty || scopes.Any(one => one == "fleet" || one == scope || (one.EndsWith("/*", StringComparison.Ordinal) && scope.StartsWith(one[..^1], StringComparison.Ordinal)));
    }
}
