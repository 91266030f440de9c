using System.Collections.Immutable;

namespace EnergyTTT.History.Access;

/// <summary>The roles of people, as migration 0003 puts them into <c>access.role</c>. Each includes the ones before it by policy, not by data.</summary>
public static class PersonRoles
{
    /// <summary>Looks.</summary>
    public const string Viewer = "viewer";

    /// <summary>Acts on the fleet.</summary>
    public const string Operator = "operator";

    /// <summary>Also manages people and keys.</summary>
    public const string Administrator = "administrator";

    /// <summary>All of them, from the weakest to the strongest.</summary>
    public static ImmutableArray<string> All { get; } = [Viewer, Operator, Administrator];

    /// <summary>
    /// What a key of a role is worth in the hands of a person with these roles: the weaker of the two; null when the person has none. A role
    /// that is a machine's is what it is.
    /// </summary>
    public static string? Weaker(string keyRole, IReadOnlyCollection<string> personRoles)
    {
        var strongest = All.LastOrDefault(personRoles.Contains);
        return strongest is null ? null : !All.Contains(keyRole) || All.IndexOf(keyRole) <= All.IndexOf(strongest) ? keyRole : strongest;
    }
}
