using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Portal;

/// <summary>Where the portal keeps what must survive a restart.</summary>
public sealed class PortalOptions
{
    /// <summary>The data folder's place for secrets: the set-up token and the keys of cookies lie there, readable by the server's account alone.</summary>
    [Required]
    public string SecretsFolder { get; set; } = "";
}
