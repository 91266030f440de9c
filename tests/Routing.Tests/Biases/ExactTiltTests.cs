using CsCheck;
using EnergyTTT.Routing.Biases;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Tests.Losses;

namespace EnergyTTT.Routing.Tests.Biases;

public sealed class ExactTiltTests
{
    [Fact]
    public void Equal_prices_give_no_bias()
    {
        Assert.Equal(0, ExactTilt.Solve(Gates.Sample(50, 16, 1), new double[16], 0.02, 0.4));
    }

    [Fact]
    public void The_bound_on_divergence_holds_and_is_used_up()
    {
        Gen.Select(Gen.Int[0, 1 << 20], Gen.Double[1e-4, 0.05]).Sample((seed, divergence) =>
        {
            var (sample, prices) = (Gates.Sample(40, 16, seed, 2), Gates.Prices(16, seed + 1));
            var lambda = ExactTilt.Solve(sample, prices, divergence, 100);
            var reached = ExactTilt.Divergence(sample, prices, lambda);
            return reached <= divergence && reached > 0.999 * divergence;
        }, iter: 60);
    }

    [Fact]
    public void The_spread_bounds_lambda_where_the_divergence_does_not()
    {
        var (sample, prices) = (Gates.Sample(40, 16, 3), Gates.Prices(16, 4));

        var lambda = ExactTilt.Solve(sample, prices, 10, 0.4);

        Assert.Equal(0.4, lambda * (prices.Max() - prices.Min()), 1e-12);
    }

    [Fact]
    public void The_expected_price_and_the_price_of_the_chosen_set_never_rise_with_lambda()
    {
        // Invariant 9.
        Gen.Int[0, 1 << 20].Sample(seed =>
        {
            var (sample, prices) = (Gates.Sample(20, 12, seed, 2), Gates.Prices(12, seed + 1));
            var (last, lastSet) = (double.PositiveInfinity, double.PositiveInfinity);
            for (var lambda = 0.0; lambda < 3; lambda += 0.1)
            {
                var mean = Mean(sample, prices, lambda);
                var expected = mean.Zip(prices).Sum(pair => pair.First * pair.Second);
                var chosen = Enumerable.Range(0, sample.Count).Sum(t => TopPrices(sample.Row(t).ToArray(), prices, lambda, 3));
                if (expected > last + 1e-9 || chosen > lastSet + 1e-9)
                    return false;
                (last, lastSet) = (expected, chosen);
            }

            return true;
        }, iter: 40);
    }

    [Fact]
    public void The_slope_of_the_expected_price_is_minus_its_variance()
    {
        // Invariant 10: dE/dlambda = -Var, for one token.
        Gen.Select(Gen.Int[0, 1 << 20], Gen.Double[0, 2]).Sample((seed, lambda) =>
        {
            var (sample, prices) = (Gates.Sample(1, 12, seed, 2), Gates.Prices(12, seed + 1));
            double Expected(double at) => Mean(sample, prices, at).Zip(prices).Sum(pair => pair.First * pair.Second);
            var q = Mean(sample, prices, lambda);
            var variance = q.Zip(prices).Sum(pair => pair.First * pair.Second * pair.Second) - Math.Pow(Expected(lambda), 2);
            return Math.Abs(((Expected(lambda + 1e-5) - Expected(lambda - 1e-5)) / 2e-5) + variance) < 1e-6 * (1 + variance);
        }, iter: 100);
    }

    [Fact]
    public void No_other_shared_bias_with_the_same_divergence_has_a_lower_expected_price()
    {
        var (sample, prices) = (Gates.Sample(30, 8, 5, 1.5), Gates.Prices(8, 6));
        var lambda = ExactTilt.Solve(sample, prices, 0.01, 100);
        double Cost(double[] bias)
        {
            var mean = new double[8];
            return Tilt.Mean(sample.Rows, bias, mean) / lambda + mean.Zip(prices).Sum(pair => pair.First * pair.Second);
        }

        var best = Cost([.. prices.Select(c => -lambda * c)]);

        for (var seed = 0; seed < 200; seed++)
            Assert.True(Cost([.. prices.Zip(Gates.Numbers(8, seed, 0.1)).Select(pair => (-lambda * pair.First) + pair.Second)]) >= best - 1e-12);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1, double.NaN)]
    public void Bounds_that_make_no_sense_are_refused(double divergence, double spread)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ExactTilt.Solve(Gates.Sample(2, 4, 1), new double[4], divergence, spread));
    }

    private static double[] Mean(GateSample sample, double[] prices, double lambda)
    {
        var mean = new double[prices.Length];
        Tilt.Mean(sample.Rows, [.. prices.Select(c => -lambda * c)], mean);
        return mean;
    }

    private static double TopPrices(float[] p, double[] prices, double lambda, int k) =>
        Enumerable.Range(0, p.Length).OrderByDescending(e => Math.Log(p[e]) - (lambda * prices[e])).Take(k).Sum(e => prices[e]);
}
