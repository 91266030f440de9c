using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Routers;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Routing.Tests.Losses;
using EnergyTTT.Selection.Energies;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Tests.Routers;

public sealed class EnergyAwareTttRouterTests
{
    private static readonly MoeConfig Layer = new(NumExperts: 16, TopK: 4);
    private static readonly KernelCostModel Costs = KernelCostModel.FromFile(Path.Combine(AppContext.BaseDirectory, "data", "h100_moe_cost.json"));

    [Fact]
    public void Rank_two_and_rank_three_agree()
    {
        var flat = Gates.Logits(12, 16, 1);
        using var one = Router();
        using var two = Router();

        var plain = one.Route(new GateLogits(flat, 12, 16), 12);
        var batched = two.Route(new GateLogits(flat, 3, 4, 16), 12);

        Assert.Equal(plain.ExpertIndices, batched.ExpertIndices);
        Assert.Equal(plain.RoutingWeights, batched.RoutingWeights);
        Assert.Equal([12, 4], plain.Shape);
        Assert.Equal([3, 4, 4], batched.Shape);
    }

    [Fact]
    public void A_fresh_router_without_a_batch_step_is_plain_top_k()
    {
        var flat = Gates.Logits(12, 16, 1);
        using var router = Router(new() { Strategy = StrategyCatalogue.KernelAwareTtha });

        var result = router.Route(new GateLogits(flat, 12, 16), 12);

        for (var token = 0; token < 12; token++)
        {
            var row = flat.AsSpan(token * 16, 16).ToArray();
            Assert.Equal(Enumerable.Range(0, 16).OrderByDescending(e => row[e]).Take(4), result.ExpertIndices.AsSpan(token * 4, 4).ToArray());
        }
    }

    [Fact]
    public void The_choice_of_a_call_does_not_depend_on_what_the_call_teaches()
    {
        using var one = Router();
        using var two = Router();
        for (var i = 0; i < 5; i++)
        {
            var flat = Gates.Logits(600, 16, i);
            var first = one.Route(new GateLogits(flat, 600, 16), 600, new() { Loss = 2, JoulesPerToken = 0.2 });
            var second = two.Route(new GateLogits(flat, 600, 16), 600);
            if (i == 0)
                Assert.Equal(first.ExpertIndices, second.ExpertIndices);
        }

        Assert.Equal(3_000, one.GetStatistics().TokensSeen);
        Assert.Equal(1, one.GetStatistics().Chunk);
    }

    [Fact]
    public void The_guard_holds_for_every_token_while_the_router_learns()
    {
        using var router = Router(new() { BatchAware = false, Spread = 4, Divergence = 1, CostFactors = [.. Enumerable.Range(0, 16).Select(e => e < 8 ? 1.0 : 4)], UpdateInterval = TimeSpan.Zero });
        for (var i = 0; i < 60; i++)
        {
            var metadata = router.Route(new GateLogits(Gates.Logits(64, 16, i), 64, 16), 64).Metadata;
            Assert.True(metadata.Selection.RetainedMassMin >= 0.95 - 1e-6, $"call {i}: {metadata.Selection.RetainedMassMin}");
        }

        Assert.True(router.GetStatistics().Spread > 0.5);
        Assert.True(router.GetStatistics().GuardTrips > 0);
        Assert.True(router.GetStatistics().TttUpdateCount > 0);
    }

    [Fact]
    public void Letting_prices_pull_harder_never_raises_the_modelled_energy_of_the_gate_without_a_guard()
    {
        // c differs by expert, nothing is shared (a = 0): the energy of the chosen sets is their price, which the exact tilt can only lower.
        double[] slot = [.. Enumerable.Range(0, 16).Select(e => 1e-3 * (1 + (e % 4)))];
        var logits = Gates.Logits(256, 16, 3);
        var last = double.PositiveInfinity;
        foreach (var spread in (double[])[0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
        {
            var counts = new int[16];
            var mean = slot.Average();
            var width = slot.Max() - slot.Min();
            for (var token = 0; token < 256; token++)
            {
                var row = logits.AsSpan(token * 16, 16).ToArray();
                foreach (var e in Enumerable.Range(0, 16).OrderByDescending(e => row[e] - (spread * (slot[e] - mean) / width)).Take(4))
                    counts[e]++;
            }

            var joules = LayerEnergy.Joules(counts, new double[16], slot);
            Assert.True(joules <= last);
            last = joules;
        }
    }

    [Fact]
    public void A_saving_needs_measured_blocks_of_both_arms()
    {
        using var router = Router();
        router.RecordBlock(treated: false, 1_000, 300, 1, Origin.Measured);
        router.RecordBlock(treated: false, 1_000, 320, 1, Origin.Measured);
        router.RecordBlock(treated: true, 1_000, 200, 1, Origin.Simulated);
        Assert.Null(router.GetStatistics().AverageEnergySavingsWatts);
        Assert.Equal(1, router.GetStatistics().BlocksNotMeasured);

        router.RecordBlock(treated: true, 2_000, 560, 2, Origin.Measured);

        var statistics = router.GetStatistics();
        Assert.Equal(310 - 280, statistics.AverageEnergySavingsWatts!.Value, 1e-9);
        Assert.Equal(0.31, statistics.Control.JoulesPerToken!.Value, 1e-12);
        Assert.Equal(12.706 * 0.01, statistics.Control.JoulesPerTokenCi95!.Value, 0.03); // t of one degree of freedom, by an expansion that is rough there
        Assert.Null(statistics.Treated.JoulesPerTokenCi95);
        Assert.Throws<ArgumentOutOfRangeException>(() => router.RecordBlock(true, 1, -5, 1, Origin.Measured));
    }

    [Fact]
    public void Changing_weights_keeps_what_was_learned()
    {
        using var router = Router(new() { BatchAware = false, CostFactors = [.. Enumerable.Range(0, 16).Select(e => e < 8 ? 1.0 : 4)], UpdateInterval = TimeSpan.Zero });
        for (var i = 0; i < 12; i++)
            router.Route(new GateLogits(Gates.Logits(256, 16, i), 256, 16), 256);
        var before = router.GetStatistics();
        var bias = router.Learner.Epoch.Bias;

        router.ObjectiveWeights = new(Energy: 0.9);

        Assert.Equal(before.TttUpdateCount, router.GetStatistics().TttUpdateCount);
        Assert.Equal(bias.ToArray(), router.Learner.Epoch.Bias.ToArray());
        Assert.Throws<ArgumentException>(() => router.ObjectiveWeights = new(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => router.BaseScaling = 0);
    }

    [Fact]
    public void Heat_raises_the_urgency_by_the_thresholds_that_were_set()
    {
        using var router = Router();
        var warm = router.Route(new GateLogits(Gates.Logits(8, 16, 1), 8, 16), 8).Metadata.Thermal!.Value;
        router.ThermalThresholds = new(30, 40, 45);
        router.BaseScaling = 2;
        var critical = router.Route(new GateLogits(Gates.Logits(8, 16, 1), 8, 16), 8).Metadata.Thermal!.Value;

        Assert.Equal(1, warm.Urgency);
        Assert.Equal(2, critical.Urgency);
        Assert.Equal(4, critical.Scaling);
    }

    [Fact]
    public void Logits_that_do_not_fit_are_refused_with_both_shapes()
    {
        using var router = Router();

        Assert.Contains("[2, 15]", Assert.Throws<ArgumentException>(() => router.Route(new float[2, 15], 2)).Message, StringComparison.Ordinal);
        Assert.Contains("7 (1 or more) of 16 experts", Assert.Throws<ArgumentException>(() => router.Route(new float[2, 3, 16], 7)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new GateLogits(new float[4], 4));
        Assert.Throws<ArgumentException>(() => router.Route(default, 0));
    }

    private static EnergyAwareTttRouter Router(RouterSettings? settings = null)
    {
        var gpu = new LatestStatistics();
        gpu.Observe(new() { Time = TimeProvider.System.GetUtcNow().AddMinutes(10), Origin = Origin.Measured, PowerWatts = 200, PowerLimitWatts = 700, TemperatureCelsius = 50 });
        return new(Layer, Costs, gpu, settings: settings);
    }
}
