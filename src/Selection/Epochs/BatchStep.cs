namespace EnergyTTT.Selection.Epochs;

/// <summary>
/// The batch-aware step of an epoch: what the tokens of one batch do together so that fewer distinct experts are read.
/// </summary>
/// <remarks>Equality is by value. Build one with <see cref="None"/>, <see cref="OpportunisticActivation"/> or <see cref="GreedyConsolidation"/>.</remarks>
public sealed record BatchStep
{
    private BatchStep(BatchStepKind kind, int ownExperts, float retainedMass, bool priced)
    {
        Kind = kind;
        OwnExperts = ownExperts;
        RetainedMass = retainedMass;
        IsPriced = priced;
    }

    /// <summary>No batch-aware step.</summary>
    public static BatchStep None { get; } = new(BatchStepKind.None, 0, 0, false);

    /// <summary>Which step it is.</summary>
    public BatchStepKind Kind { get; }

    /// <summary>k0, the experts that each token brings (opportunistic activation only).</summary>
    public int OwnExperts { get; }

    /// <summary>rho, the least share of its gate mass that any token keeps (greedy consolidation only), in [0, 1]. The guard of the epoch may ask for more.</summary>
    public float RetainedMass { get; }

    /// <summary>True: the order of removal weighs the demand for an expert against its price; false: demand alone.</summary>
    public bool IsPriced { get; }

    /// <summary>Opportunistic activation with <paramref name="ownExperts"/> experts of a token's own (arXiv 2511.02237).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ownExperts"/> is below 1.</exception>
    public static BatchStep OpportunisticActivation(int ownExperts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ownExperts, 1);

        return new(BatchStepKind.OpportunisticActivation, ownExperts, 0, false);
    }

    /// <summary>Greedy consolidation: every token keeps at least <paramref name="retainedMass"/> of its gate mass.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retainedMass"/> is outside [0, 1] or not a number.</exception>
    public static BatchStep GreedyConsolidation(float retainedMass, bool priced = false)
    {
        if (!(retainedMass is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(retainedMass), retainedMass, "A share of gate mass lies in [0, 1].");
        }

        return new(BatchStepKind.GreedyConsolidation, 0, retainedMass, priced);
    }
}
