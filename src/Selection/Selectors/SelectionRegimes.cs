using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Selection.Selectors;

/// <summary>Tells the regime of a batch from its size and the shape of the gate.</summary>
public static class SelectionRegimes
{
    /// <summary>Tokens an expert above which arithmetic, not reading weights, is the larger part of an expert's energy on current GPUs.</summary>
    public const int ComputeTokensPerExpert = 64;

    /// <summary>The regime of a batch: <c>N &lt;= 2E/k</c> sparse, <c>N k / E &lt;= 64</c> saturated, else compute.</summary>
    public static SelectionRegime Of(SelectorShape shape, int tokens)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var slots = (long)tokens * shape.TopK;

        return slots <= 2L * shape.Experts ? SelectionRegime.Sparse
            : slots <= (long)ComputeTokensPerExpert * shape.Experts ? SelectionRegime.Saturated
            : SelectionRegime.Compute;
    }
}
