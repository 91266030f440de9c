namespace EnergyTTT.Portal.Access;

/// <summary>Keeps a return address on this site: nobody is sent elsewhere after signing in.</summary>
public static class LocalAddress
{
    /// <summary>The address when it is a path of this site, otherwise the overview.</summary>
    public static string Of(string? address) =>
        address is ['/', ..] and not ['/', '/' or '\\', ..] && !address.Any(char.IsControl) ? address : "/";
}
