using System.ComponentModel.DataAnnotations;
using EnergyTTT.Portal.Access;

namespace EnergyTTT.Portal;

/// <summary>Where the portal keeps what must survive a restart.</summary>
public sealed class PortalOptions
{
    /// <summary>The data folder's place for secrets: the set-up token and the keys of cookies lie there, readable by the server's account alone.</summary>
    [Required]
    public string SecretsFolder { get; set; } = "";

    /// <summary>Tries that one address has at the door in a minute; <c>Portal:SignInsPerMinute</c>.</summary>
    [Range(1, 10_000)]
    public int SignInsPerMinute { get; set; } = 30;

    /// <summary>Roles that ask for a second factor, with commas between; none when empty; <c>Portal:SecondFactorRoles</c>.</summary>
    public string SecondFactorRoles { get; set; } = "";

    /// <summary>The domain that passkeys belong to, such as <c>energy.example.org</c>; null: the host that the browser asked; <c>Portal:PasskeyDomain</c>.</summary>
    public string? PasskeyDomain { get; set; }

    /// <summary>Sign-in at an identity provider.</summary>
    public OpenIdSettings OpenId { get; } = new();
}
