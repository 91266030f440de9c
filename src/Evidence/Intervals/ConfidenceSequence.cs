namespace EnergyTTT.Evidence.Intervals;

/// <summary>
/// An interval for a mean that holds at all times at once: whoever looks after every value, and stops when it pleases, still errs with probability at most alpha.
/// </summary>
/// <remarks>
/// Inverts the t-test's Bayes factor with a normal prior of variance g on the effect over the deviation and the right Haar prior on the deviation, which is an e-process for unknown variance:
/// <c>BF = (1 + n g)^(-1/2) [(1 + t^2/nu) / (1 + t^2/(nu (1 + n g)))]^(n/2)</c>, nu = n - 1, and P(BF ever reaches 1/alpha) is at most alpha (Ville).
/// Source: Wang and Ramdas, "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance" (arXiv 2310.03722); form solved for t^2 by us.
/// </remarks>
public static class ConfidenceSequence
{
    /// <summary>The interval after n values; infinite until there are enough of them.</summary>
    /// <param name="values">Independent, roughly normal values in the order they came.</param>
    /// <param name="alpha">Probability of ever missing the mean, inside 0 to 1.</param>
    /// <param name="effectVariance">g: the squared effect, in deviations, at which the sequence is tightest; above 0. Default 1.</param>
    public static MeanInterval Of(ReadOnlySpan<double> values, double alpha, double effectVariance = 1)
    {
        if (!(alpha > 0 && alpha < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "an alpha between 0 and 1, both excluded, expected");
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(effectVariance);
        var plain = MeanInterval.TwoSided(values, 0.5);
        var n = plain.Count;
        if (n < 2)
        {
            return plain;
        }

        // t^2 below nu (kappa - 1) / (1 - kappa / (1 + n g)), kappa = (sqrt(1 + n g) / alpha)^(2/n); unbounded while kappa is 1 + n g or more.
        var growth = 1 + n * effectVariance;
        var kappa = Math.Exp(2.0 / n * (0.5 * Math.Log(growth) - Math.Log(alpha)));
        if (kappa >= growth)
        {
            return plain with { Low = double.NegativeInfinity, High = double.PositiveInfinity };
        }

        var half = plain.Deviation / Math.Sqrt(n) * Math.Sqrt((n - 1) * (kappa - 1) / (1 - kappa / growth));
        return plain with { Low = plain.Mean - half, High = plain.Mean + half };
    }
}
