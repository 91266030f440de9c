namespace EnergyTTT.Routing.FastWeights;

/// <summary>The learned per-row rates and the chunk's momentum of LaCT, for hosts that have such projections.</summary>
public static class TokenRates
{
    /// <summary>
    /// <c>rate = softplus(projection + softplus^-1(base))</c>: positive, and <paramref name="baseRate"/> where the projection is 0.
    /// </summary>
    /// <param name="projection">Any finite number; large negative ones give 0, large positive ones themselves.</param>
    /// <param name="baseRate">Above 0: .001 in language models, .01 elsewhere.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="baseRate"/> is not above 0.</exception>
    /// <remarks>Source: "Test-Time Training Done Right" (LaCT). With Muon the common scale cancels; only ratios between rows matter.</remarks>
    public static double Rate(double projection, double baseRate)
    {
        if (!(baseRate > 0))
            throw new ArgumentOutOfRangeException(nameof(baseRate), baseRate, "a base rate above 0 expected");

        // softplus^-1(y) = y + ln(1 - e^-y), stable for small and large y.
        var x = projection + baseRate + Math.Log(baseRate < 1e-5 ? baseRate * (1 - (baseRate / 2)) : 1 - Math.Exp(-baseRate));
        return x > 0 ? x + Math.Log(1 + Math.Exp(-x)) : x < -30 ? Math.Exp(x) : Math.Log(1 + Math.Exp(x));
    }

    /// <summary><c>mean_i 1 / (1 + exp(-projection_i))</c>, the share of momentum that a chunk keeps; 0 for an empty chunk.</summary>
    public static double ChunkMomentum(ReadOnlySpan<double> projections)
    {
        var sum = 0.0;
        foreach (var projection in projections)
            sum += 1 / (1 + Math.Exp(-projection));
        return projections.IsEmpty ? 0 : sum / projections.Length;
    }
}
