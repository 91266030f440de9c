using System.Collections.Immutable;

namespace EnergyTTT.Wire.Policies;

/// <summary>One immutable version of what a scope sets.</summary>
/// <param name="Scope"><c>fleet</c> or <c>deployment/NAME</c> (<c>site/</c>, <c>rack/</c> and <c>host/</c> for hardware).</param>
/// <param name="Version">Numbered across the whole fleet; 0 is "nothing was ever set here".</param>
/// <param name="Document">What the scope sets.</param>
/// <param name="Author">Who saved it.</param>
/// <param name="Reason">Why, in the author's words.</param>
/// <param name="CreatedAt">When it took effect.</param>
/// <param name="ApprovedBy">The second person who approved it; null where none was asked for.</param>
public sealed record PolicyVersion(string Scope, long Version, PolicyDocument Document, string Author, string Reason, DateTimeOffset CreatedAt, string? ApprovedBy = null)
{
    /// <summary>What a scope has before anybody sets anything there: version 0, an empty document.</summary>
    public static PolicyVersion Unset(string scope) => new(scope, 0, new PolicyDocument(), "", "", DateTimeOffset.UnixEpoch);
}

/// <summary>A change as it is put to <c>/v1/policies/{scope}</c>, with <c>If-Match: "VERSION"</c>.</summary>
/// <param name="Document">Everything that the scope is to set from now on.</param>
/// <param name="Reason">Why; 1 to 2,000 characters.</param>
public sealed record PolicyChange(PolicyDocument Document, string Reason);

/// <summary>The name of a scope of policies.</summary>
public static class PolicyScopes
{
    /// <summary>The widest scope.</summary>
    public const string Fleet = "fleet";

    /// <summary>What a scope other than the fleet begins with, in the order in which people meet them.</summary>
    public static ImmutableArray<string> Kinds { get; } = ["deployment", "site", "rack", "host"];

    /// <summary>The kind of a scope: one of <see cref="Kinds"/>, or the fleet.</summary>
    public static string KindOf(string scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return scope.IndexOf('/', StringComparison.Ordinal) is var slash and >= 0 ? scope[..slash] : scope;
    }

    /// <summary>The name within its kind; the fleet's own for the fleet.</summary>
    public static string NameOf(string scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return scope[(scope.IndexOf('/', StringComparison.Ordinal) + 1)..];
    }

    /// <summary>The scope of one deployment.</summary>
    public static string Deployment(string deployment) => "deployment/" + deployment;

    /// <summary>The scope of one host.</summary>
    public static string Host(string host) => "host/" + host;

    /// <summary>The scope of one rack.</summary>
    public static string Rack(string rack) => "rack/" + rack;

    /// <summary>The scope of one site.</summary>
    public static string Site(string site) => "site/" + site;

    /// <summary>The chain that a scope belongs to: <see cref="PolicyChain.Any"/> for the fleet.</summary>
    public static PolicyChain ChainOf(string scope) =>
        KindOf(scope) switch { Fleet => PolicyChain.Any, "deployment" => PolicyChain.Routing, _ => PolicyChain.Hardware };

    /// <summary>Whether what a scope sets of routing counts for a deployment.</summary>
    public static bool ReachesDeployment(string scope, string deployment) => scope == Fleet || scope == Deployment(deployment);

    /// <summary>Whether a text names a scope: <c>fleet</c>, or a kind and a name of 1 to 128 letters, digits, '.', '_' or '-'.</summary>
    public static bool IsScope(string? text)
    {
        return text is Fleet
            || (text is not null && Kinds.Contains(KindOf(text)) && text.Contains('/', StringComparison.Ordinal)
                && NameOf(text) is { Length: >= 1 and <= 128 } name && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'));
    }
}
