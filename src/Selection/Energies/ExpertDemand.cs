namespace EnergyTTT.Selection.Energies;

/// <summary>How many experts a batch will touch, and what one more token would cost, from how often each expert is used.</summary>
public static class ExpertDemand
{
    /// <summary>
    /// Distinct experts that a batch activates under independent uniform routing: <c>E (1 - (1 - k/E)^N)</c>.
    /// </summary>
    /// <param name="experts">E, at least 1.</param>
    /// <param name="topK">k, 0 to E.</param>
    /// <param name="tokens">N, at least 0 (0 gives 0).</param>
    public static double ExpectedDistinct(int experts, int topK, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(topK);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topK, experts);
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);

        return experts * Touched((double)topK / experts, tokens);
    }

    /// <summary>The same for known usage: <c>sum_e [1 - (1 - q_e)^N]</c>.</summary>
    /// <param name="usage">q [experts]: the probability that a token uses the expert, in [0, 1]; it sums to k.</param>
    /// <param name="tokens">N, at least 0.</param>
    public static double ExpectedDistinct(ReadOnlySpan<double> usage, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        double distinct = 0;
        foreach (var share in usage)
        {
            RequireShare(share);
            distinct += Touched(share, tokens);
        }

        return distinct;
    }

    /// <summary>
    /// The marginal price of a token on an expert, in J: <c>c_e + a_e (1 - q_e)^(N-1)</c>, since the weights are read for it alone only when nobody else
    /// in the batch uses them. Popular experts become cheaper, rare ones dearer.
    /// </summary>
    /// <param name="readJoules">a_e, J.</param>
    /// <param name="tokenJoules">c_e, J per token.</param>
    /// <param name="usage">q_e in [0, 1].</param>
    /// <param name="tokens">N, the batch, at least 1.</param>
    public static double MarginalPrice(double readJoules, double tokenJoules, double usage, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        RequireShare(usage);

        return tokenJoules + (readJoules * Math.Pow(1 - usage, tokens - 1));
    }

    // 1 - (1 - q)^N without losing small q: -expm1(N ln(1 - q)).
    private static double Touched(double share, int tokens) =>
        tokens == 0 ? 0 : share >= 1 ? 1 : share < 1e-5 ? -double.ExpM1(tokens * double.LogP1(-share)) : 1 - Math.Pow(1 - share, tokens);

    private static void RequireShare(double share)
    {
        if (!(share is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "The usage of an expert is a probability in [0, 1].");
        }
    }
}
