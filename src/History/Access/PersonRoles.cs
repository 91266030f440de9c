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
}
