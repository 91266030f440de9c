using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Selection.Tests.Invariants;

public class EpochInvariantTests
{
    private static readonly SelectorShape Shape = new(4, 1);

    [Fact]
    public void An_expired_epoch_leaves_the_engine_with_its_own_gate()
    {
        var clock = new FixedClock(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var selector = new Selector(Shape, clock);
        var epoch = new SelectionEpoch(3, "EnergyAwareTTT", [0, 5, 0, 0], guardBound: 0, batchStep: BatchStep.GreedyConsolidation(0), expiresAt: clock.Now.AddSeconds(60));
        var experts = new int[1];

        var before = selector.Select([1, 0, 0, 0], 1, epoch, experts, new float[1]);
        Assert.Equal(1, experts[0]);
        Assert.Equal(3, before.EpochNumber);
        clock.Now = clock.Now.AddSeconds(60);
        var after = selector.Select([1, 0, 0, 0], 1, epoch, experts, new float[1]);

        Assert.Equal(0, experts[0]);
        Assert.True(after.FellBack);
        Assert.Equal(0, after.EpochNumber);
        Assert.Equal(1, after.RetainedMassMin);
        Assert.Equal(SelectionEpoch.Baseline(Shape).BiasDigest, after.BiasDigest);
    }

    [Fact]
    public void The_gate_an_engine_falls_back_to_keeps_its_trained_bias()
    {
        var clock = new FixedClock(DateTimeOffset.UnixEpoch);
        var selector = new Selector(Shape, clock, trainedBias: [0, 0, 9, 0]);
        var epoch = new SelectionEpoch(1, "test", [0, 20, 0, 0], guardBound: 0, expiresAt: clock.Now);
        var experts = new int[1];

        selector.Select([1, 0, 0, 0], 1, epoch, experts, new float[1]);

        Assert.Equal(2, experts[0]);
    }

    [Fact]
    public void A_bias_in_the_space_of_another_gate_is_refused()
    {
        var selector = new Selector(new SelectorShape(4, 1, GateKind.Sigmoid, biasSpace: BiasSpace.SigmoidScore));
        var epoch = new SelectionEpoch(9, "test", new float[4], BiasSpace.Logit);

        var refusal = selector.Refusal(epoch);
        var exception = Assert.Throws<ArgumentException>(() => selector.Select(new float[4], 1, epoch, new int[1], new float[1]));

        Assert.Contains("'logit'", refusal, StringComparison.Ordinal);
        Assert.Contains("'sigmoid_score'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(GateKind.Softmax, BiasSpace.SigmoidScore)]
    [InlineData(GateKind.Sigmoid, BiasSpace.SoftmaxScore)]
    [InlineData(GateKind.SqrtSoftplus, BiasSpace.SigmoidScore)]
    public void A_shape_cannot_add_its_bias_in_the_scores_of_another_gate(GateKind gate, BiasSpace space) =>
        Assert.Throws<ArgumentException>(() => new SelectorShape(8, 2, gate, biasSpace: space));

    [Fact]
    public void A_bias_that_is_not_finite_or_of_the_wrong_length_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new SelectionEpoch(1, "test", [0, float.NaN]));
        Assert.Throws<ArgumentException>(() => new SelectionEpoch(1, "test", [0, 1], prices: [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelectionEpoch(1, "test", [0, 1], guardBound: 1.5f));
        Assert.Contains("3 experts", new Selector(Shape).Refusal(new SelectionEpoch(1, "test", new float[3])), StringComparison.Ordinal);
    }

    [Fact]
    public void The_digest_is_that_of_the_little_endian_floats() =>
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([0, 0, 128, 63, 0, 0, 0, 192])), new SelectionEpoch(1, "test", [1, -2]).BiasDigest);

    [Fact]
    public void A_group_that_is_not_chosen_is_really_excluded_even_when_its_experts_would_win()
    {
        // Group 1 holds the single best expert, but the two best of group 0 together are worth more.
        var shape = new SelectorShape(4, 2, GateKind.Sigmoid, groups: 2, topGroups: 1, biasSpace: BiasSpace.SigmoidScore);
        var experts = new int[2];

        new Selector(shape).Select([1, 1, 3, -9], 1, new SelectionEpoch(1, "test", [-3, -3, -3, -3], BiasSpace.SigmoidScore), experts, new float[2]);

        Assert.Equal([0, 1], experts);
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
