namespace EnergyTTT.Selection.Rows;

/// <summary>A row of one token, one number per expert, padded to whole vectors of sixteen so that no loop has a tail.</summary>
internal static class Row
{
    /// <summary>Rows are a multiple of this long.</summary>
    public const int Padding = 16;

    /// <summary>A key that is never chosen: below every mask. The padding of a row of keys.</summary>
    public const float Excluded = float.NegativeInfinity;

    /// <summary>The key of a masked expert (NaN, -inf or the lowest finite logit): chosen only when nothing else is left.</summary>
    public const float Masked = float.MinValue;

    /// <summary>The padded length of a row of so many experts.</summary>
    public static int Length(int experts) => (experts + Padding - 1) / Padding * Padding;
}
