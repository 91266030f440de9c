using CsCheck;
using EnergyTTT.Routing.KernelCosts;

namespace EnergyTTT.Routing.Tests.KernelCosts;

public sealed class ExpertPricesTests
{
    // Invariant 3.
    [Fact]
    public void Equal_costs_have_a_price_of_exactly_0() => Gen.Select(Gen.Double[1e-9, 1e3], Gen.Int[1, 300]).Sample(x =>
    {
        var prices = new double[x.Item2];
        Array.Fill(prices, 7);

        var status = ExpertPrices.Standardise(Enumerable.Repeat(x.Item1, x.Item2).ToArray(), [], prices);

        Assert.Equal(PriceStatus.NoExploitableHeterogeneity, status);
        Assert.All(prices, p => Assert.Equal(0, p));
    });

    // Invariant 3, with the physics in front: equal experts that are used alike.
    [Fact]
    public void Equal_experts_used_alike_have_a_price_of_exactly_0()
    {
        double[] marginal = new double[64], prices = new double[64];
        ExpertPrices.Marginal(Of(64, 2.3e-3), Of(64, 3e-5), Of(64, 8.0 / 64), 16, marginal);

        Assert.Equal(PriceStatus.NoExploitableHeterogeneity, ExpertPrices.Standardise(marginal, [], prices));
        Assert.All(prices, p => Assert.Equal(0, p));
    }

    [Fact]
    public void Usage_that_differs_by_chance_alone_makes_no_price()
    {
        var random = new Random(3);
        var made = 0;
        for (var run = 0; run < 200; run++)
        {
            // 2,048 tokens choose 8 of 128 experts at random.
            var q = new double[128];
            for (var t = 0; t < 2048 * 8; t++)
            {
                q[random.Next(128)] += 1.0 / 2048;
            }

            double[] marginal = new double[128], halfWidths = new double[128], prices = new double[128];
            ExpertPrices.Marginal(Of(128, 2.3e-3), Of(128, 3e-5), q, 64, marginal);
            ExpertPrices.MarginalHalfWidth(Of(128, 2.3e-3), q, 64, 2048, [], halfWidths);
            made += ExpertPrices.Standardise(marginal, halfWidths, prices) == PriceStatus.Priced ? 1 : 0;
        }

        Assert.InRange(made, 0, 10);
    }

    [Fact]
    public void Usage_that_really_differs_makes_popular_experts_cheap()
    {
        var q = Enumerable.Range(0, 64).Select(e => e < 32 ? 0.2 : 0.05).ToArray();
        double[] marginal = new double[64], halfWidths = new double[64], prices = new double[64];
        ExpertPrices.Marginal(Of(64, 2.3e-3), Of(64, 3e-5), q, 16, marginal);
        ExpertPrices.MarginalHalfWidth(Of(64, 2.3e-3), q, 16, 20_000, [], halfWidths);

        Assert.Equal(PriceStatus.Priced, ExpertPrices.Standardise(marginal, halfWidths, prices));
        Assert.All(prices[..32], p => Assert.Equal(-1, p, 1e-9));
        Assert.All(prices[32..], p => Assert.Equal(1, p, 1e-9));
    }

    [Fact]
    public void Prices_have_mean_0_and_deviation_1_and_keep_the_order_of_costs() => Gen.Double[1, 2].Array[2, 100].Where(c => c.Max() - c.Min() > 0.01).Sample(costs =>
    {
        var prices = new double[costs.Length];

        Assert.Equal(PriceStatus.Priced, ExpertPrices.Standardise(costs, [], prices));
        Assert.Equal(0, prices.Average(), 1e-9);
        Assert.Equal(1, Math.Sqrt(prices.Average(p => p * p)), 1e-9);
        Assert.Equal(costs.Select((c, e) => (c, e)).OrderBy(x => x).Select(x => x.e), prices.Select((p, e) => (p, e)).OrderBy(x => x).Select(x => x.e));
    });

    [Fact]
    public void Permuting_experts_permutes_prices() => Gen.Select(Gen.Double[1, 2].Array[8], Gen.Int[0, 1000]).Sample(x =>
    {
        int[] order = [.. Enumerable.Range(0, 8)];
        new Random(x.Item2).Shuffle(order);
        double[] prices = new double[8], permuted = new double[8];
        ExpertPrices.Standardise(x.Item1, [], prices);
        ExpertPrices.Standardise(order.Select(e => x.Item1[e]).ToArray(), [], permuted);

        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(prices[order[i]], permuted[i], 1e-9);
        }
    });

    [Fact]
    public void Alone_in_a_batch_a_token_pays_the_whole_read_and_with_many_others_none_of_it()
    {
        var marginal = new double[1];
        ExpertPrices.Marginal([2e-3], [3e-5], [0.1], 1, marginal);
        Assert.Equal(2.03e-3, marginal[0], 1e-12);

        ExpertPrices.Marginal([2e-3], [3e-5], [0.1], 2000, marginal);
        Assert.Equal(3e-5, marginal[0], 1e-12);
    }

    [Fact]
    public void Without_any_observed_token_there_is_no_price()
    {
        double[] marginal = new double[2], halfWidths = new double[2], prices = new double[2];
        ExpertPrices.Marginal([1, 1], [0, 0], [0.1, 0.9], 8, marginal);
        ExpertPrices.MarginalHalfWidth([1, 1], [0.1, 0.9], 8, 0, [], halfWidths);

        Assert.Equal(PriceStatus.NoExploitableHeterogeneity, ExpertPrices.Standardise(marginal, halfWidths, prices));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    public void A_cost_that_cannot_be_makes_no_price_at_all(double cost)
    {
        double[] prices = [3, 3];

        Assert.Equal(PriceStatus.InvalidCosts, ExpertPrices.Standardise([1, cost], [], prices));
        Assert.Equal([0, 0], prices);
    }

    [Fact]
    public void One_value_per_expert_is_expected()
    {
        var error = Assert.Throws<ArgumentException>(() => ExpertPrices.Standardise([1, 2, 3], [], new double[2]));

        Assert.Contains("3 experts but 2 values", error.Message, StringComparison.Ordinal);
    }

    private static double[] Of(int experts, double value) => [.. Enumerable.Repeat(value, experts)];
}
