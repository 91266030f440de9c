namespace EnergyTTT.Routing.Feedback;

/// <summary>Which blocks of a feature vector were missing and therefore count as 0 (the running mean). A set bit means: missing.</summary>
[Flags]
public enum FeatureMask
{
    /// <summary>Everything was there.</summary>
    None = 0,

    /// <summary>Counts of tokens per expert.</summary>
    Counts = 1,

    /// <summary>Mean gate probability per expert.</summary>
    GateProbability = 2,

    /// <summary>Marginal costs per expert.</summary>
    MarginalCost = 4,

    /// <summary>Gradient norms.</summary>
    Gradients = 8,

    /// <summary>Activation energies.</summary>
    Activations = 16,

    /// <summary>The loss.</summary>
    Loss = 32,

    /// <summary>At least one of the twelve telemetry scalars.</summary>
    Telemetry = 64,

    /// <summary>All blocks.</summary>
    All = 127,
}
