using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Evidence.Receipts;

namespace EnergyTTT.Evidence.Tests.Blocks;

public sealed class PairingTests
{
    [Fact]
    public void A_B_B_A_makes_two_pairs_of_neighbours()
    {
        var pairs = Pairing.Pair([Runs.Block(0, "control", 0.02), Runs.Block(1, "treated", 0.019), Runs.Block(2, "treated", 0.018), Runs.Block(3, "control", 0.02)], "control", "treated");

        Assert.Equal([(0, 1), (3, 2)], pairs.Pairs.Select(p => (p.Control.Position, p.Treated.Position)));
        Assert.Equal(Math.Log(0.95), pairs.LogRatios[0], 1e-12);
        Assert.Equal(Math.Log(0.9), pairs.LogRatios[1], 1e-12);
        Assert.Empty(pairs.Unpaired);
    }

    [Fact]
    public void The_order_of_time_counts_and_not_that_of_the_list()
    {
        var blocks = new[] { Runs.Block(3, "control"), Runs.Block(1, "treated"), Runs.Block(0, "control"), Runs.Block(2, "treated") };

        Assert.Equal(2, Pairing.Pair(blocks, "control", "treated").Pairs.Length);
    }

    [Fact]
    public void A_linear_drift_cancels_in_A_B_B_A()
    {
        var blocks = new[] { 0, 1, 2, 3 }.Select(i => Runs.Block(i, i is 1 or 2 ? "treated" : "control", 0.02 * Math.Exp(0.01 * i)));

        Assert.Equal(0, Pairing.Pair(blocks, "control", "treated").LogRatios.Sum(), 1e-12);
    }

    [Fact]
    public void A_block_with_a_counter_reset_takes_its_partner_with_it_and_says_why()
    {
        var pairs = Pairing.Pair(
            [Runs.Block(0, "control"), Runs.Block(1, "treated") with { CounterResets = 1, Joules = null }, Runs.Block(2, "treated"), Runs.Block(3, "control")], "control", "treated");

        Assert.Single(pairs.Pairs);
        Assert.Equal([ReasonCode.NoPartner], pairs.Unpaired[0].Reasons.ToArray());
        Assert.Equal([ReasonCode.CounterReset, ReasonCode.NoEnergy], pairs.Unpaired[1].Reasons.ToArray());
    }

    [Fact]
    public void Only_like_is_paired_with_like()
    {
        Block control = Runs.Block(0, "control"), treated = Runs.Block(1, "treated");

        Assert.Equal([ReasonCode.DifferentGpus], Why(treated with { Gpus = ["GPU-b"] }));
        Assert.Equal([ReasonCode.DifferentPowerLimit], Why(treated with { PowerLimitWatts = 500 }));
        Assert.Equal([ReasonCode.DifferentWork], Why(treated with { Phase = "prefill" }));
        Assert.Equal([ReasonCode.DifferentWork], Why(treated with { BatchTokens = 129 }));
        Assert.Empty(Pairing.Pair([control, treated with { BatchTokens = 128 }], "control", "treated").Unpaired);

        IEnumerable<string> Why(Block other) => Pairing.Pair([control, other], "control", "treated").Unpaired[0].Reasons;
    }

    [Theory]
    [InlineData(9.9, 60_000, 1200.0, 0.0, 20.0, ReasonCode.WindowTooShort)]
    [InlineData(60, 0, 1200.0, 0.0, 20.0, ReasonCode.NoTokens)]
    [InlineData(60, 60_000, 0.0, 0.0, null, ReasonCode.NoEnergy)]
    [InlineData(60, 60_000, 1200.0, 1.3, 20.0, ReasonCode.Gap)]
    [InlineData(60, 60_000, 1200.0, 0.0, 21.1, ReasonCode.SensorDisagreement)]
    public void A_block_that_cannot_be_believed_says_why(double seconds, long tokens, double joules, double gap, double? watts, string reason)
    {
        var block = Runs.Block(0, "control") with { Seconds = seconds, Tokens = tokens, Joules = joules, GapSeconds = gap, PowerWatts = watts is null ? null : watts * (seconds == 60 ? 1 : 60 / seconds) };

        Assert.Equal([reason], BlockValidity.Explain(block).ToArray());
    }

    [Fact]
    public void An_arm_is_not_compared_with_itself() => Assert.Throws<ArgumentException>(() => Pairing.Pair([], "control", "control"));
}
