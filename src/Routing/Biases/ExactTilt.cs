using EnergyTTT.Routing.Losses;

namespace EnergyTTT.Routing.Biases;

/// <summary>
/// The price term <c>b = -lambda cbar</c>: of all biases with the same mean divergence it lowers the expected price most, because <c>softmax(z - lambda cbar)</c> is the only minimiser of
/// <c>q.cbar + KL(q||p) / lambda</c> for every token at once.
/// </summary>
/// <remarks>Source: router specification 3.3. <c>d/dlambda E_q[cbar] = -Var_q(cbar)</c>, so the expected price never rises with lambda.</remarks>
public static class ExactTilt
{
    /// <summary>
    /// The greatest lambda with mean <c>KL(q||p) &lt;= divergence</c> and spread <c>lambda (max cbar - min cbar) &lt;= spread</c>, by bisection.
    /// </summary>
    /// <param name="sample">Gates of at least one token; with none the answer is 0.</param>
    /// <param name="prices">cbar <c>[experts]</c>.</param>
    /// <param name="divergence">eps in nats, 0 or more.</param>
    /// <param name="spread">R in logits, 0 or more.</param>
    /// <returns>lambda in logits per price, 0 or more; 0 for equal prices. The bound on KL holds at the returned value, not only near it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A bound is negative or not a number.</exception>
    public static double Solve(GateSample sample, ReadOnlySpan<double> prices, double divergence, double spread)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (!(divergence >= 0))
            throw new ArgumentOutOfRangeException(nameof(divergence), divergence, "a bound of 0 nats or more expected");
        if (!(spread >= 0))
            throw new ArgumentOutOfRangeException(nameof(spread), spread, "a spread of 0 or more expected");

        double least = double.PositiveInfinity, most = double.NegativeInfinity;
        foreach (var price in prices)
            (least, most) = (Math.Min(least, price), Math.Max(most, price));
        if (sample.Count == 0 || !(most > least) || spread == 0 || divergence == 0)
            return 0;

        var (low, high) = (0.0, spread / (most - least));
        if (Divergence(sample, prices, high) <= divergence)
            return high;

        // KL grows with lambda (its derivative is lambda Var), so bisection finds the one crossing.
        for (var i = 0; i < 40 && high - low > 1e-9 * high; i++)
        {
            var middle = (low + high) / 2;
            if (Divergence(sample, prices, middle) <= divergence)
                low = middle;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>Mean <c>KL(softmax(z - lambda cbar) || p)</c> in nats.</summary>
    internal static double Divergence(GateSample sample, ReadOnlySpan<double> prices, double lambda)
    {
        var (bias, mean) = (new double[prices.Length], new double[prices.Length]);
        for (var e = 0; e < bias.Length; e++)
            bias[e] = -lambda * prices[e];
        return Tilt.Mean(sample.Rows, bias, mean);
    }
}
