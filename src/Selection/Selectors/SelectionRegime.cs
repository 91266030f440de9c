namespace EnergyTTT.Selection.Selectors;

/// <summary>
/// What routing can hope to save at a batch size: the energy of a layer is reading the experts that the batch activates plus the
/// arithmetic per token, and only the first part yields to routing.
/// </summary>
public enum SelectionRegime
{
    /// <summary>N at most 2E/k: plain top-k leaves experts unread, each expert more or less counts.</summary>
    Sparse = 0,

    /// <summary>Plain top-k reads nearly every expert, but each for at most 64 tokens, so reading still dominates: only a batch-aware step helps.</summary>
    Saturated = 1,

    /// <summary>More than 64 tokens an expert (prefill): arithmetic dominates and the lever fades.</summary>
    Compute = 2,
}
