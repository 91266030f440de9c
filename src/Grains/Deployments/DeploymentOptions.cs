using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Grains.Deployments;

/// <summary>How deployments are steered.</summary>
public sealed class DeploymentOptions
{
    /// <summary>How often proposals, outlooks and policies are looked at.</summary>
    public TimeSpan Beat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The shortest time between two epochs of one deployment, so that the history of epochs stays small.</summary>
    public TimeSpan EpochInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A bias that moved by less than this on every expert is not issued anew. Logits; 0 or more.</summary>
    [Range(0, 1)]
    public double BiasChange { get; set; } = 1e-3;

    /// <summary>How long a generation stays in shadow: learned and recorded, in force nowhere.</summary>
    public TimeSpan Shadow { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the saving is computed from the hold-out.</summary>
    public TimeSpan SavingInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How far back the saving looks.</summary>
    public TimeSpan SavingRange { get; set; } = TimeSpan.FromHours(24);
}
