namespace EnergyTTT.Routing.Usage;

/// <summary>Which share of the load each expert or device should carry. All results sum to 1.</summary>
public static class LoadTargets
{
    /// <summary>The same share for each: right only when latency is the bound.</summary>
    public static void Uniform(Span<double> targets) => targets.Fill(targets.IsEmpty ? 0 : 1.0 / targets.Length);

    /// <summary>Shares proportional to speed: <c>target_g = v_g / sum v</c>, so that all devices finish together.</summary>
    /// <param name="speeds">v, <c>[devices]</c>, tokens per second or any other rate, 0 or more; uniform when all are 0.</param>
    /// <param name="targets">Receives the shares, <c>[devices]</c>.</param>
    /// <exception cref="ArgumentException">The spans differ in length, or a speed is negative or not finite.</exception>
    public static void FromSpeeds(ReadOnlySpan<double> speeds, Span<double> targets)
    {
        SameLength(speeds.Length, targets.Length);
        double sum = 0;
        foreach (var speed in speeds)
        {
            if (!(double.IsFinite(speed) && speed >= 0))
            {
                throw new ArgumentException($"a speed of {speed}: 0 or more expected", nameof(speeds));
            }

            sum += speed;
        }

        if (sum <= 0)
        {
            Uniform(targets);
            return;
        }

        for (var g = 0; g < targets.Length; g++)
        {
            targets[g] = speeds[g] / sum;
        }
    }

    /// <summary>
    /// Tilts what the gate wants by price: <c>target_e = p_e exp(-lambda price_e) / sum</c>, the minimiser of expected price plus KL to the gate's own usage p.
    /// </summary>
    /// <param name="usage">p, <c>[experts]</c>: the shares that the gate alone gives, 0 or more.</param>
    /// <param name="prices">Prices with mean 0, <c>[experts]</c>.</param>
    /// <param name="lambda">Strength, 0 or more; 0 leaves usage as it is.</param>
    /// <param name="targets">Receives the shares, <c>[experts]</c>.</param>
    /// <remarks>Source: router specification, 3.3, exact target.</remarks>
    public static void FromPrices(ReadOnlySpan<double> usage, ReadOnlySpan<double> prices, double lambda, Span<double> targets)
    {
        SameLength(usage.Length, targets.Length);
        SameLength(prices.Length, targets.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(lambda);
        var least = double.PositiveInfinity;
        foreach (var price in prices)
        {
            least = Math.Min(least, price);
        }

        double sum = 0;
        for (var e = 0; e < targets.Length; e++)
        {
            // Shifted by the cheapest price so that no exponential overflows.
            targets[e] = Math.Max(usage[e], 0) * Math.Exp(-lambda * (prices[e] - least));
            sum += targets[e];
        }

        if (!(sum > 0) || !double.IsFinite(sum))
        {
            Uniform(targets);
            return;
        }

        for (var e = 0; e < targets.Length; e++)
        {
            targets[e] /= sum;
        }
    }

    private static void SameLength(int given, int room)
    {
        if (given != room)
        {
            throw new ArgumentException($"{given} values but room for {room} targets: one of each expected");
        }
    }
}
