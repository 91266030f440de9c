namespace EnergyTTT.Selection.Biases;

/// <summary>
/// The projection Pi_R that every bias passes before it may leave: whatever went in, the spread is at most R and the sum is 0.
/// </summary>
public static class BiasProjection
{
    // One part in 2^20 narrower than asked, so that rounding to float cannot make the spread exceed R.
    private const double Narrowing = 1 - (1.0 / (1 << 20));

    private const double SumTolerance = 5e-6;

    /// <summary>
    /// Clips to an interval of width R around the midpoint <c>(max b + min b) / 2</c>, then subtracts the mean. In place.
    /// </summary>
    /// <remarks>
    /// NaN counts as no opinion (the mean of the finite entries), +inf as R above the largest and -inf as R below the smallest finite entry. Without any
    /// finite entry those three count as 0, R and -R. Afterwards |sum b| &lt; 1e-5 and max b - min b &lt;= R. Source: ours, <c>docs/router.md</c>, bias assembly.
    /// </remarks>
    /// <param name="bias">b [experts], any numbers.</param>
    /// <param name="spread">R, finite and at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">R is negative or not finite.</exception>
    public static void Project(Span<float> bias, float spread)
    {
        if (!float.IsFinite(spread) || spread < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(spread), spread, "The spread of a bias is finite and at least 0.");
        }

        var (low, high, mean) = FiniteRange(bias);
        double least = double.PositiveInfinity, most = double.NegativeInfinity;
        foreach (var entry in bias)
        {
            var value = Value(entry, low, high, mean, spread);
            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }

        var middle = (least + most) / 2;
        var half = spread * Narrowing / 2;
        double sum = 0;
        foreach (var entry in bias)
        {
            sum += Math.Clamp(Value(entry, low, high, mean, spread) - middle, -half, half);
        }

        var offset = bias.IsEmpty ? 0 : sum / bias.Length;
        for (var attempt = 0; attempt < 4; attempt++)
        {
            var rounded = 0.0;
            foreach (var entry in bias)
            {
                rounded += (float)(Math.Clamp(Value(entry, low, high, mean, spread) - middle, -half, half) - offset);
            }

            if (Math.Abs(rounded) < SumTolerance)
            {
                break;
            }

            offset += rounded / bias.Length;
        }

        // Equal entries stay equal unless rounding alone would leave a sum; then the error of each is carried into the next.
        double total = 0, carried = 0;
        for (var expert = 0; expert < bias.Length; expert++)
        {
            bias[expert] = (float)(Math.Clamp(Value(bias[expert], low, high, mean, spread) - middle, -half, half) - offset);
            total += bias[expert];
        }

        for (var expert = 0; expert < bias.Length && Math.Abs(total) >= SumTolerance; expert++)
        {
            var exact = bias[expert] - (total / bias.Length) + carried;
            bias[expert] = (float)exact;
            carried = exact - bias[expert];
        }
    }

    private static double Value(float entry, double low, double high, double mean, double spread) =>
        float.IsNaN(entry) ? mean
        : float.IsPositiveInfinity(entry) ? high + spread
        : float.IsNegativeInfinity(entry) ? low - spread
        : entry;

    private static (double Low, double High, double Mean) FiniteRange(ReadOnlySpan<float> bias)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity, sum = 0;
        var finite = 0;
        foreach (var entry in bias)
        {
            if (float.IsFinite(entry))
            {
                low = Math.Min(low, entry);
                high = Math.Max(high, entry);
                sum += entry;
                finite++;
            }
        }

        return finite == 0 ? (0, 0, 0) : (low, high, sum / finite);
    }
}
