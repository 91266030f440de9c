using CsCheck;
using EnergyTTT.Routing.Usage;

namespace EnergyTTT.Routing.Tests.Usage;

public sealed class UsageTests
{
    [Fact]
    public void The_ring_keeps_the_newest_windows_only()
    {
        var history = new UsageHistory(2, new() { Windows = 5, RecentWindows = 3 });
        for (var w = 0; w < 12; w++)
        {
            Assert.True(history.Record([w, 12 - w]));
        }

        Assert.Equal(5, history.Count);
        Assert.Equal(11.0 / 12, history.Window(0)[0], 1e-12);
        Assert.Equal(7.0 / 12, history.Window(4)[0], 1e-12);
        Assert.Equal(144, history.Slots);
        Assert.Throws<ArgumentOutOfRangeException>(() => history.Window(5)[0]);
    }

    [Fact]
    public void Control_sees_the_mean_and_the_trend_of_the_last_ten_windows()
    {
        var history = new UsageHistory(2);
        for (var w = 0; w < 50; w++)
        {
            history.Record([1000 + 10 * w, 1000 - 10 * w]);
        }

        double[] mean = new double[2], trend = new double[2];
        history.RecentMean(mean);
        history.RecentTrend(trend);

        // Windows 40 to 49: shares of 0.70 to 0.745, 0.005 a window.
        Assert.Equal(0.7225, mean[0], 1e-12);
        Assert.Equal(0.005, trend[0], 1e-12);
        Assert.Equal(-0.005, trend[1], 1e-12);
    }

    [Fact]
    public void An_empty_window_says_nothing_and_no_history_is_uniform()
    {
        var history = new UsageHistory(4);
        var mean = new double[4];

        Assert.False(history.Record([0, 0, 0, 0]));
        history.RecentMean(mean);

        Assert.Equal([0.25, 0.25, 0.25, 0.25], mean);
        Assert.Equal(0, history.Count);
    }

    [Fact]
    public void Counts_of_another_length_or_negative_ones_are_refused()
    {
        var history = new UsageHistory(4);

        Assert.Throws<ArgumentException>(() => history.Record([1, 2, 3]));
        Assert.Throws<ArgumentException>(() => history.Record([1, 2, 3, -1]));
    }

    [Fact]
    public void A_trend_is_carried_ahead_and_stays_a_distribution()
    {
        var history = new UsageHistory(2);
        for (var w = 0; w < 50; w++)
        {
            history.Record([1000 + 10 * w, 1000 - 10 * w]);
        }

        var shares = new double[2];
        UsageForecast.Linear(history, 4, shares);
        Assert.Equal(0.765, shares[0], 1e-12);

        UsageForecast.Linear(history, 1000, shares);
        Assert.Equal([1.0, 0.0], shares);
    }

    [Fact]
    public void The_projection_is_the_nearest_distribution() => Gen.Select(Gen.Double[-3, 3].Array[1, 20], Gen.Int[0, 1_000_000]).Sample(x =>
    {
        var (values, seed) = x;
        double[] projected = [.. values];
        SimplexProjection.Project(projected);

        Assert.Equal(1, projected.Sum(), 1e-9);
        Assert.All(projected, p => Assert.True(p >= 0));

        // No other distribution is nearer.
        var random = new Random(seed);
        var other = values.Select(_ => -Math.Log(1 - random.NextDouble())).ToArray();
        var sum = other.Sum();
        Assert.True(Distance(values, projected) <= Distance(values, [.. other.Select(o => o / sum)]) + 1e-9);

        static double Distance(double[] a, double[] b) => a.Zip(b, (p, q) => (p - q) * (p - q)).Sum();
    });

    [Fact]
    public void A_distribution_projects_onto_itself()
    {
        double[] shares = [0.1, 0.2, 0.7];
        SimplexProjection.Project(shares);

        Assert.Equal(0.1, shares[0], 1e-15);
        Assert.Equal(0.7, shares[2], 1e-15);
    }

    [Fact]
    public void The_balancer_moves_by_its_step_towards_the_target_and_keeps_its_sum_at_0()
    {
        var balancer = new LoadBalancer(4, new() { Leak = 1 });

        Assert.Equal(2, balancer.Update([0.4, 0.1, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]));

        Assert.Equal([-0.001, 0.001, 0, 0], balancer.Bias.ToArray());
        Assert.Equal(0, balancer.Bias.ToArray().Sum(), 1e-15);
    }

    [Fact]
    public void Inside_the_deadband_nothing_moves_and_the_past_fades()
    {
        var balancer = new LoadBalancer(2, new() { Leak = 0.9 });
        balancer.Update([0.9, 0.1], [0.5, 0.5]);

        Assert.Equal(0, balancer.Update([0.52, 0.48], [0.5, 0.5]));

        Assert.Equal(-0.0009, balancer.Bias[0], 1e-15);
    }

    [Fact]
    public void Closed_in_a_loop_it_brings_a_skewed_gate_to_its_target()
    {
        var balancer = new LoadBalancer(4, new() { Step = 0.01 });
        double[] logits = [1.0, 0.3, -0.2, -1.1], load = new double[4], target = [0.25, 0.25, 0.25, 0.25];
        for (var window = 0; window < 2000; window++)
        {
            var weights = logits.Select((z, e) => Math.Exp(z + balancer.Bias[e])).ToArray();
            var sum = weights.Sum();
            for (var e = 0; e < 4; e++)
            {
                load[e] = weights[e] / sum;
            }

            balancer.Update(load, target);
        }

        Assert.All(load, l => Assert.InRange(l, 0.23, 0.27));
    }

    [Fact]
    public void A_bias_survives_a_snapshot_and_a_broken_one_is_refused()
    {
        var balancer = new LoadBalancer(2);
        balancer.Update([0.9, 0.1], [0.5, 0.5]);
        var copy = new LoadBalancer(2);
        copy.Restore(balancer.Snapshot());

        Assert.Equal(balancer.Bias.ToArray(), copy.Bias.ToArray());
        Assert.Throws<ArgumentException>(() => copy.Restore([1]));
        Assert.Throws<ArgumentException>(() => copy.Restore([1, double.NaN]));
    }

    [Fact]
    public void Targets_follow_speeds_or_prices()
    {
        var targets = new double[2];
        LoadTargets.FromSpeeds([3, 1], targets);
        Assert.Equal([0.75, 0.25], targets);
        LoadTargets.FromSpeeds([0, 0], targets);
        Assert.Equal([0.5, 0.5], targets);

        LoadTargets.FromPrices([0.5, 0.5], [-1, 1], 0, targets);
        Assert.Equal([0.5, 0.5], targets);
        LoadTargets.FromPrices([0.5, 0.5], [-1, 1], 0.5, targets);
        // e^0.5 / (e^0.5 + e^-0.5)
        Assert.Equal(0.7310585786300049, targets[0], 1e-12);
        LoadTargets.FromPrices([0.5, 0.5], [-1, 1], 1e6, targets);
        Assert.Equal([1.0, 0.0], targets);
        Assert.Throws<ArgumentException>(() => LoadTargets.FromSpeeds([-1, 1], new double[2]));
    }

    [Fact]
    public void Expected_price_never_rises_with_lambda() => Gen.Select(Gen.Double[0.01, 1].Array[6], Gen.Double[-2, 2].Array[6]).Sample(x =>
    {
        var before = double.PositiveInfinity;
        var targets = new double[6];
        for (var lambda = 0.0; lambda < 5; lambda += 0.25)
        {
            LoadTargets.FromPrices(x.Item1, x.Item2, lambda, targets);
            var price = targets.Zip(x.Item2, (t, p) => t * p).Sum();
            Assert.True(price <= before + 1e-12);
            before = price;
        }
    });

    [Fact]
    public void Statistics_tell_even_from_skewed()
    {
        var even = UsageStatistics.Of([0.25, 0.25, 0.25, 0.25]);
        var skewed = UsageStatistics.Of([1, 0, 0, 0]);

        Assert.Equal(new UsageStatistics(1, 0, 1), even);
        Assert.Equal(4, skewed.GreatestOverMean);
        Assert.Equal(Math.Sqrt(3), skewed.CoefficientOfVariation, 1e-12);
        Assert.Equal(0, skewed.NormalisedEntropy);
        Assert.Equal(even, UsageStatistics.Of([0, 0]));
    }
}
