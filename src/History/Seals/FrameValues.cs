namespace EnergyTTT.History.Seals;

/// <summary>The values of one column, row by row: whole numbers as they are, doubles as their bits, so that equal means equal bit for bit.</summary>
/// <param name="Bits">One per row; without meaning where the row has none.</param>
/// <param name="Known">Which rows have a value; null: all of them.</param>
internal readonly record struct FrameValues(long[] Bits, bool[]? Known)
{
    /// <summary>Whether the row has a value.</summary>
    public bool Has(int row) => Known is null || Known[row];

    /// <summary>The row's whole number; null where there is none.</summary>
    public long? Whole(int row) => Has(row) ? Bits[row] : null;

    /// <summary>The row's double; null where there is none.</summary>
    public double? Real(int row) => Has(row) ? BitConverter.Int64BitsToDouble(Bits[row]) : null;
}
