using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Usage;

namespace EnergyTTT.Routing.Learning;

/// <summary>The prices of a window: what one more token costs on each expert, with and without heat. Arrays are <c>[experts]</c>.</summary>
/// <param name="Status">Whether prices say anything; <see langword="null"/> = no costs are known.</param>
/// <param name="Effective">cbar of <c>c_marg (1 + mu)</c>: what b_price follows.</param>
/// <param name="Plain">cbar of <c>c_marg</c>: what the loss's energy term takes, since heat has a term of its own.</param>
/// <param name="MarginalJoules">c_marg in joules; empty = unknown.</param>
/// <param name="ActivationJoules"><c>a (1 + mu)</c> in joules, the price of activating an expert; empty when prices say nothing.</param>
/// <param name="Time">Milliseconds that all slots of a batch would take on this expert; empty = unknown.</param>
internal sealed record WindowPrices(PriceStatus? Status, double[] Effective, double[] Plain, double[] MarginalJoules, float[] ActivationJoules, double[] Time)
{
    /// <summary>
    /// Widens the intervals because prices are looked at every second for years: with 5.4 instead of 3.6 standard errors on either side, luck makes no price of even usage once in a lifetime
    /// instead of once in twenty looks.
    /// </summary>
    private const double RepeatedLooks = 1.5;

    /// <summary>Prices from costs, recent usage and heat.</summary>
    /// <param name="heat">mu of each expert's device.</param>
    /// <param name="observedTokens">Tokens behind the recent usage.</param>
    /// <param name="sharingIsFree">
    /// True when a batch-aware step makes the tokens share experts: popularity then has no price of its own, every expert counts as equally popular, and equal costs are equal prices whatever is used
    /// (docs/decisions/0063).
    /// </param>
    public static WindowPrices Of(ExpertCosts? costs, UsageHistory usage, double[] heat, int topK, int batchTokens, double observedTokens, bool sharingIsFree, KernelCostOptions options)
    {
        var experts = usage.Experts;
        var (effective, plain) = (new double[experts], new double[experts]);
        if (costs is null)
            return new(null, effective, plain, [], [], []);

        double[] pick = new double[experts], marginal = new double[experts], width = new double[experts];
        usage.RecentMean(pick);
        for (var e = 0; e < experts; e++)
            pick[e] = sharingIsFree ? (double)topK / experts : Math.Clamp(topK * pick[e], 0, 1);
        ExpertPrices.Marginal(costs.ActivationJoules, costs.SlotJoules, pick, batchTokens, marginal);
        if (!sharingIsFree)
            ExpertPrices.MarginalHalfWidth(costs.ActivationJoules, pick, batchTokens, observedTokens, [], width);
        for (var e = 0; e < experts; e++)
            width[e] *= RepeatedLooks;
        ExpertPrices.Standardise(marginal, width, plain, options);

        double[] heated = [.. marginal.Zip(heat, (joules, mu) => joules * (1 + mu))];
        var status = ExpertPrices.Standardise(heated, width, effective, options);
        var activation = status == PriceStatus.Priced ? costs.ActivationJoules.Zip(heat, (a, mu) => (float)(a * (1 + mu))).ToArray() : [];
        return new(status, effective, plain, marginal, activation, SlotTime(costs, pick, topK, batchTokens, sharingIsFree ? double.PositiveInfinity : observedTokens, options));
    }

    private static double[] SlotTime(ExpertCosts costs, double[] pick, int topK, int batchTokens, double observedTokens, KernelCostOptions options)
    {
        if (costs.ActivationMilliseconds.Length == 0 || costs.SlotMilliseconds.Length == 0)
            return [];
        double[] time = new double[pick.Length], width = new double[pick.Length], standard = new double[pick.Length];
        ExpertPrices.Marginal(costs.ActivationMilliseconds, costs.SlotMilliseconds, pick, batchTokens, time);
        ExpertPrices.MarginalHalfWidth(costs.ActivationMilliseconds, pick, batchTokens, observedTokens, [], width);
        for (var e = 0; e < width.Length; e++)
            width[e] *= RepeatedLooks;

        // Times that differ by luck alone are equal times, as with prices.
        var mean = time.Average();
        var differ = ExpertPrices.Standardise(time, width, standard, options) == PriceStatus.Priced;
        for (var e = 0; e < time.Length; e++)
            time[e] = (differ ? time[e] : mean) * topK * batchTokens;
        return time;
    }
}
