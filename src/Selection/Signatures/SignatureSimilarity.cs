namespace EnergyTTT.Selection.Signatures;

/// <summary>How alike two signatures are.</summary>
public static class SignatureSimilarity
{
    /// <summary>The cosine, in [-1, 1]; 0 when either is all zeros (nothing is known).</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Cosine(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        if (left.Length != right.Length)
        {
            throw new ArgumentException($"Signatures of {left.Length} and {right.Length} numbers cannot be compared.", nameof(right));
        }

        double product = 0, leftSquares = 0, rightSquares = 0;
        for (var entry = 0; entry < left.Length; entry++)
        {
            product += (double)left[entry] * right[entry];
            leftSquares += (double)left[entry] * left[entry];
            rightSquares += (double)right[entry] * right[entry];
        }

        return leftSquares > 0 && rightSquares > 0 ? Math.Clamp(product / Math.Sqrt(leftSquares * rightSquares), -1, 1) : 0;
    }
}
