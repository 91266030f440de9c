namespace EnergyTTT.Routing.KernelCosts;

/// <summary>Whether prices say anything.</summary>
public enum PriceStatus
{
    /// <summary>The experts differ in cost by more than the uncertainty.</summary>
    Priced = 0,

    /// <summary>No exploitable heterogeneity: all prices are exactly 0.</summary>
    NoExploitableHeterogeneity = 1,

    /// <summary>A cost was not finite or negative: all prices are exactly 0.</summary>
    InvalidCosts = 2,
}

/// <summary>Turns costs of experts into prices with mean 0 and standard deviation 1.</summary>
public static class ExpertPrices
{
    /// <summary>
    /// <c>c_e^marg = c_e + a_e (1 - q_e)^(N - 1)</c>: what one more token costs on expert e, where <c>(1 - q_e)^(N - 1)</c> is the probability that no other token of the batch picks it.
    /// Popular experts get cheaper, rare ones dearer.
    /// </summary>
    /// <param name="activationJoules">a, <c>[experts]</c>, joules, 0 or more.</param>
    /// <param name="slotJoules">c, <c>[experts]</c>, joules, 0 or more.</param>
    /// <param name="pickProbability">q, <c>[experts]</c>: the probability that a token picks the expert, 0 to 1; sums to top-k.</param>
    /// <param name="batchTokens">N, 1 or more; with N = 1 nothing is shared and the price is a + c.</param>
    /// <param name="marginalJoules">Receives the marginal costs, <c>[experts]</c>, joules.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">N is below 1.</exception>
    /// <remarks>Source: router specification, 3.1.</remarks>
    public static void Marginal(
        ReadOnlySpan<double> activationJoules, ReadOnlySpan<double> slotJoules, ReadOnlySpan<double> pickProbability, double batchTokens, Span<double> marginalJoules)
    {
        SameLength(activationJoules.Length, slotJoules.Length, nameof(slotJoules));
        SameLength(activationJoules.Length, pickProbability.Length, nameof(pickProbability));
        SameLength(activationJoules.Length, marginalJoules.Length, nameof(marginalJoules));
        ArgumentOutOfRangeException.ThrowIfLessThan(batchTokens, 1);
        for (var e = 0; e < marginalJoules.Length; e++)
        {
            marginalJoules[e] = slotJoules[e] + activationJoules[e] * Math.Pow(1 - Math.Clamp(pickProbability[e], 0, 1), batchTokens - 1);
        }
    }

    /// <summary>
    /// Half-width of the 95 % interval of a marginal cost that comes from not knowing q exactly after n tokens:
    /// <c>1.96 a_e (N - 1)(1 - q_e)^(N - 2) sqrt(q_e (1 - q_e) / n)</c>, plus the independent half-width of the costs themselves.
    /// The error that all experts share (that of one fitted a) is left out on purpose: it cannot change their order.
    /// </summary>
    /// <param name="observedTokens">n, tokens behind q; 0 makes the half-width infinite, so that no price is made from nothing.</param>
    /// <param name="ownHalfWidthJoules">Independent half-width per expert, <c>[experts]</c>, or empty.</param>
    /// <param name="halfWidthJoules">Receives the half-widths, <c>[experts]</c>, joules.</param>
    /// <remarks>Source: ours, delta method.</remarks>
    public static void MarginalHalfWidth(
        ReadOnlySpan<double> activationJoules, ReadOnlySpan<double> pickProbability, double batchTokens, double observedTokens, ReadOnlySpan<double> ownHalfWidthJoules,
        Span<double> halfWidthJoules)
    {
        SameLength(activationJoules.Length, pickProbability.Length, nameof(pickProbability));
        SameLength(activationJoules.Length, halfWidthJoules.Length, nameof(halfWidthJoules));
        ArgumentOutOfRangeException.ThrowIfLessThan(batchTokens, 1);
        for (var e = 0; e < halfWidthJoules.Length; e++)
        {
            var q = Math.Clamp(pickProbability[e], 0, 1);
            var slope = batchTokens > 1 ? activationJoules[e] * (batchTokens - 1) * Math.Pow(1 - q, batchTokens - 2) : 0;
            var fromUsage = slope == 0 ? 0 : observedTokens > 0 ? 1.96 * slope * Math.Sqrt(q * (1 - q) / observedTokens) : double.PositiveInfinity;
            var own = ownHalfWidthJoules.IsEmpty ? 0 : ownHalfWidthJoules[e];
            halfWidthJoules[e] = Math.Sqrt(fromUsage * fromUsage + own * own);
        }
    }

    /// <summary>
    /// <c>cbar_e = (c_e - mean) / max(std, floor)</c>, or all 0 when the experts do not really differ: when <c>max - min</c> of the costs is less than the options' number of half-widths,
    /// or no more than chance gives that many equal experts.
    /// </summary>
    /// <param name="costs">Effective costs, <c>[experts]</c>; the thermal factor is already in: <c>c_marg (1 + mu)</c>.</param>
    /// <param name="halfWidths">Half-widths of their 95 % intervals, <c>[experts]</c>, or empty when the costs are exact.</param>
    /// <param name="prices">Receives the prices, <c>[experts]</c>, dimensionless, mean 0.</param>
    /// <remarks>Source: router specification, 3.3; the bound by chance <c>2 sqrt(2 ln(E / .025)) std</c> is the union bound of a normal range: the range of 128 equal experts is 2.7 half-widths by luck alone.</remarks>
    public static PriceStatus Standardise(ReadOnlySpan<double> costs, ReadOnlySpan<double> halfWidths, Span<double> prices, KernelCostOptions? options = null)
    {
        options ??= new();
        SameLength(costs.Length, prices.Length, nameof(prices));
        if (!halfWidths.IsEmpty)
        {
            SameLength(costs.Length, halfWidths.Length, nameof(halfWidths));
        }

        prices.Clear();
        if (costs.IsEmpty)
        {
            return PriceStatus.NoExploitableHeterogeneity;
        }

        double sum = 0, least = double.PositiveInfinity, greatest = double.NegativeInfinity, widthSquares = 0;
        for (var e = 0; e < costs.Length; e++)
        {
            if (!double.IsFinite(costs[e]) || costs[e] < 0)
            {
                return PriceStatus.InvalidCosts;
            }

            sum += costs[e];
            least = Math.Min(least, costs[e]);
            greatest = Math.Max(greatest, costs[e]);
            widthSquares += halfWidths.IsEmpty ? 0 : halfWidths[e] * halfWidths[e];
        }

        var mean = sum / costs.Length;
        var halfWidth = Math.Sqrt(widthSquares / costs.Length);
        var byChance = 2 * Math.Sqrt(2 * Math.Log(costs.Length / 0.025)) * halfWidth / 1.96;
        var spread = greatest - least;
        // A spread at the level of rounding is none: equal costs must give a price of exactly 0.
        if (spread <= 1e-12 * greatest || !(spread >= options.LeastSpreadOverInterval * halfWidth) || !(spread > byChance))
        {
            return PriceStatus.NoExploitableHeterogeneity;
        }

        double squares = 0;
        foreach (var cost in costs)
        {
            squares += (cost - mean) * (cost - mean);
        }

        var deviation = Math.Max(Math.Sqrt(squares / costs.Length), options.DeviationFloor * mean);
        for (var e = 0; e < prices.Length; e++)
        {
            prices[e] = (costs[e] - mean) / deviation;
        }

        return PriceStatus.Priced;
    }

    private static void SameLength(int expected, int actual, string name)
    {
        if (expected != actual)
        {
            throw new ArgumentException($"{expected} experts but {actual} values in {name}: one value per expert expected", name);
        }
    }
}
