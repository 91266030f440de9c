namespace EnergyTTT.Routing.Feedback;

/// <summary>How decided a gate is: a histogram of the gap between the k-th and the (k+1)-th probability of each token.</summary>
public static class MarginHistogram
{
    /// <summary>Number of bins.</summary>
    public const int Bins = 16;

    /// <summary>
    /// The bin of a gap in [0, 1]: bin i holds gaps of <c>2^(i-16) to 2^(i-15)</c>, bin 0 all below 2^-15: halving widths, because most gaps of a gate with many experts are tiny.
    /// </summary>
    /// <remarks>Source: ours; the specification (3.2) names 16 bins and no edges.</remarks>
    public static int BinOf(double margin)
    {
        if (!(margin > 0))
        {
            return 0;
        }

        return Math.Clamp(Math.ILogB(margin) + Bins, 0, Bins - 1);
    }

    /// <summary>Adds the gap <c>p_(k) - p_(k+1)</c> of one token. With k = E there is no (k+1)-th and the gap is p_(k).</summary>
    /// <param name="probabilities">p, <c>[experts]</c>, in any order.</param>
    /// <param name="topK">k, 1 to E.</param>
    /// <param name="histogram">Counts, <c>[16]</c>.</param>
    public static void Add(ReadOnlySpan<float> probabilities, int topK, Span<long> histogram)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(topK, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topK, probabilities.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(histogram.Length, Bins);

        // The k+1 greatest by insertion: k is small.
        Span<float> greatest = topK < 64 ? stackalloc float[topK + 1] : new float[topK + 1];
        greatest.Clear();
        foreach (var p in probabilities)
        {
            if (!(p > greatest[^1]))
            {
                continue;
            }

            var at = topK;
            while (at > 0 && greatest[at - 1] < p)
            {
                greatest[at] = greatest[at - 1];
                at--;
            }

            greatest[at] = p;
        }

        histogram[BinOf(greatest[topK - 1] - greatest[topK])]++;
    }
}
