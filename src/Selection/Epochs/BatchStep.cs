namespace EnergyTTT.Selection.Epochs;

/// <summary>
/// The batch-aware step of an epoch: what the tokens of one batch do together so that fewer distinct experts are read.
/// </summary>
/// <remarks>Equality is by value. Build one with <see cref="None"/>, <see cref="OpportunisticActivation"/>, <see cref="GreedyConsolidation"/> or
/// <see cref="MarginalConsolidation"/>.</remarks>
public sealed record BatchStep
{
    private BatchStep(BatchStepKind kind, int ownExperts, float retainedMass, double massPerExpert, bool priced)
    {
        Kind = kind;
        OwnExperts = ownExperts;
        RetainedMass = retainedMass;
        MassPerExpert = massPerExpert;
        IsPriced = priced;
    }

    /// <summary>No batch-aware step.</summary>
    public static BatchStep None { get; } = new(BatchStepKind.None, 0, 0, 0, false);

    /// <summary>Which step it is.</summary>
    public BatchStepKind Kind { get; }

    /// <summary>k0, the experts that each token brings (opportunistic activation only).</summary>
    public int OwnExperts { get; }

    /// <summary>rho, the least share of its gate mass that any token keeps (the two consolidations only), in [0, 1]. The guard of the epoch may ask for more.</summary>
    public float RetainedMass { get; }

    /// <summary>
    /// lambda, the exchange rate of marginal consolidation: the most gate mass, in shares of one token's plain mass and summed over the tokens of the
    /// batch, that avoiding one expert of mean price may cost. Positive infinity asks for nothing but the bound.
    /// </summary>
    public double MassPerExpert { get; }

    /// <summary>True: the order of removal weighs the demand for an expert against its price; false: demand alone.</summary>
    public bool IsPriced { get; }

    /// <summary>Opportunistic activation with <paramref name="ownExperts"/> experts of a token's own (arXiv 2511.02237).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ownExperts"/> is below 1.</exception>
    public static BatchStep OpportunisticActivation(int ownExperts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ownExperts, 1);

        return new(BatchStepKind.OpportunisticActivation, ownExperts, 0, 0, false);
    }

    /// <summary>Greedy consolidation: every token keeps at least <paramref name="retainedMass"/> of its gate mass.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retainedMass"/> is outside [0, 1] or not a number.</exception>
    public static BatchStep GreedyConsolidation(float retainedMass, bool priced = false)
    {
        return new(BatchStepKind.GreedyConsolidation, 0, RequireShare(retainedMass), double.PositiveInfinity, priced);
    }

    /// <summary>
    /// Marginal consolidation: experts leave while that costs at most <paramref name="massPerExpert"/> and every token keeps at least
    /// <paramref name="retainedMass"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retainedMass"/> is outside [0, 1], or <paramref name="massPerExpert"/> is negative or not a number.</exception>
    public static BatchStep MarginalConsolidation(float retainedMass, double massPerExpert = double.PositiveInfinity, bool priced = false)
    {
        if (!(massPerExpert >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(massPerExpert), massPerExpert, "The mass given up per expert is at least 0; infinity leaves only the bound.");
        }

        return new(BatchStepKind.MarginalConsolidation, 0, RequireShare(retainedMass), massPerExpert, priced);
    }

    private static float RequireShare(float retainedMass) => retainedMass is >= 0 and <= 1
        ? retainedMass
        : throw new ArgumentOutOfRangeException(nameof(retainedMass), retainedMass, "A share of gate mass lies in [0, 1].");
}
