namespace EnergyTTT.Selection.Epochs;

/// <summary>Which batch-aware step follows the choice that each token makes for itself.</summary>
public enum BatchStepKind
{
    /// <summary>None: every token keeps its own choice.</summary>
    None = 0,

    /// <summary>Every token brings its best <c>k0</c> experts; the rest of its k it takes from experts that somebody brought.</summary>
    OpportunisticActivation = 1,

    /// <summary>The least-demanded experts leave one by one, while every token keeps its share of gate mass.</summary>
    GreedyConsolidation = 2,

    /// <summary>
    /// The expert whose leaving costs the batch least gate mass leaves first, as long as that cost stays below an exchange rate and every token keeps its
    /// share: quality is spent where it buys most experts, whichever layer, step or token that is.
    /// </summary>
    MarginalConsolidation = 3,
}
