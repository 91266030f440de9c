namespace EnergyTTT.Routing.FastWeights;

/// <summary>How gradients become steps. The values are those of the blob.</summary>
public enum FastWeightOptimiser
{
    /// <summary>Momentum, orthogonalised by Newton-Schulz.</summary>
    Muon = 0,

    /// <summary>Adam with decoupled weight decay.</summary>
    AdamW = 1,
}
