using CsCheck;
using EnergyTTT.Selection.Energies;

namespace EnergyTTT.Selection.Tests.Energies;

public class LayerEnergyTests
{
    [Fact]
    public void Reading_is_paid_once_and_arithmetic_by_whole_tiles() =>
        Assert.Equal((2 + 0.5 * 32) + (3 + 0.25 * 16), LayerEnergy.Joules([17, 0, 16], [2, 9, 3], [0.5, 9, 0.25], 16), 1e-12);

    [Fact]
    public void A_device_that_waits_costs_its_idle_power()
    {
        var seconds = new double[2];

        var joules = LayerEnergy.Joules([2, 1], [1, 1], [0, 0], 1, [0, 1], [0.1, 0.1], [0, 0], [10, 10], seconds);

        Assert.Equal([0.1, 0.1], seconds);
        Assert.Equal(2, joules, 1e-12);
        joules = LayerEnergy.Joules([2, 0], [1, 1], [0, 0], 1, [0, 1], [0.1, 0.1], [0, 0], [10, 10], seconds);
        Assert.Equal(1 + (10 * 0.1), joules, 1e-12);
    }

    [Fact]
    public void Adding_a_token_never_lowers_the_energy() => Gen.Int.Sample(seed =>
    {
        var random = new Random(seed);
        int experts = 1 + random.Next(12), devices = 1 + random.Next(3), tile = 1 + random.Next(8);
        var counts = Enumerable.Range(0, experts).Select(_ => random.Next(4) == 0 ? 0 : random.Next(20)).ToArray();
        var device = Enumerable.Range(0, experts).Select(_ => random.Next(devices)).ToArray();
        var idle = Enumerable.Range(0, devices).Select(_ => 100 * random.NextDouble()).ToArray();
        var alpha = Enumerable.Range(0, experts).Select(_ => random.NextDouble()).ToArray();
        var beta = Enumerable.Range(0, experts).Select(_ => random.NextDouble()).ToArray();
        var read = alpha.Select((s, e) => (idle[device[e]] * s) + random.NextDouble()).ToArray();
        var token = beta.Select((s, e) => (idle[device[e]] * s) + random.NextDouble()).ToArray();
        double Energy() => LayerEnergy.Joules(counts, read, token, tile, device, alpha, beta, idle, new double[devices]);

        var before = Energy();
        counts[random.Next(experts)]++;

        Assert.True(Energy() >= before - 1e-9 * before);
    });

    [Fact]
    public void Moving_a_lone_token_to_an_active_expert_saves_its_reading() => Gen.Int.Sample(seed =>
    {
        var random = new Random(seed);
        var read = Enumerable.Range(0, 5).Select(_ => random.NextDouble()).ToArray();
        var token = Enumerable.Repeat(0.3, 5).ToArray();

        var before = LayerEnergy.Joules([4, 1, 0, 2, 7], read, token);
        var after = LayerEnergy.Joules([5, 0, 0, 2, 7], read, token);

        Assert.Equal(read[1], before - after, 1e-12);
    });

    [Fact]
    public void An_expert_below_the_idle_power_of_its_device_is_refused() =>
        Assert.Throws<ArgumentException>(() => LayerEnergy.Joules([1], [1], [1], 1, [0], [0.1], [0], [11], new double[1]));

    [Theory]
    [InlineData(8, 2, 4, 5.47)]
    [InlineData(64, 8, 4, 26.48)]
    [InlineData(64, 8, 16, 56.44)]
    [InlineData(128, 8, 16, 82.42)]
    [InlineData(128, 8, 64, 125.94)]
    [InlineData(256, 8, 64, 222.44)]
    public void Expected_distinct_experts_match_the_closed_form(int experts, int k, int tokens, double expected)
    {
        Assert.Equal(expected, ExpertDemand.ExpectedDistinct(experts, k, tokens), 0.01);
        var usage = Enumerable.Repeat((double)k / experts, experts).ToArray();
        Assert.Equal(expected, ExpertDemand.ExpectedDistinct(usage, tokens), 0.01);
    }

    [Fact]
    public void A_popular_expert_is_cheaper_at_the_margin_than_a_rare_one()
    {
        Assert.Equal(3, ExpertDemand.MarginalPrice(2, 1, 0, 64), 1e-12);
        Assert.Equal(1 + (2 * 0.125), ExpertDemand.MarginalPrice(2, 1, 0.5, 4), 1e-12);
        Assert.Equal(3, ExpertDemand.MarginalPrice(2, 1, 0.9, 1), 1e-12);
    }

    [Fact]
    public void The_ceiling_is_the_share_of_reading() =>
        Assert.Equal(4.0 / 5.5, LayerEnergy.Ceiling([1, 2, 0], [2, 2, 9], [0.5, 0.5, 9]), 1e-12);
}
