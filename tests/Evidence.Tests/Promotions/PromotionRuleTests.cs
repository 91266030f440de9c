using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Evidence.Promotions;
using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Evidence.Tests.Blocks;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Evidence.Tests.Promotions;

public sealed class PromotionRuleTests
{
    private static readonly PromotionGuards Held = new(true, 1);

    // Invariant 28, first half: on A/A runs.
    [Fact]
    public void A_bias_that_does_nothing_is_promoted_in_at_most_alpha_of_1000_runs()
    {
        var random = new Random(28);

        var promoted = Enumerable.Range(0, 1000).Count(_ => Promotes(Ratios(random, 12, 1)));

        Assert.InRange(promoted, 0, 50);
    }

    // Invariant 28: the margin is the harder null; at a true saving of exactly 1 % the rule may promote in alpha of the runs, and should be near it.
    [Fact]
    public void At_the_margin_itself_the_rule_errs_about_alpha_often()
    {
        var random = new Random(29);
        var options = new PromotionOptions();

        var promoted = Enumerable.Range(0, 1000).Count(_ => Promotes(Ratios(random, 12, Math.Exp(options.Margin))));

        // The first test is given alpha 6 / pi^2 = 3.04 %; three standard errors of 1,000 runs are 1.6 %.
        Assert.InRange(promoted / 1000.0, 0.013, 0.047);
    }

    // Invariant 28, second half.
    [Fact]
    public void A_true_saving_of_3_percent_is_promoted_in_at_least_80_percent_of_runs_of_12_pairs()
    {
        var random = new Random(30);

        var promoted = Enumerable.Range(0, 1000).Count(_ => Promotes(Ratios(random, 12, 0.97)));

        Assert.InRange(promoted / 1000.0, 0.8, 1);
    }

    [Fact]
    public void Looking_after_every_pair_does_not_promote_more_than_alpha_at_the_margin()
    {
        var random = new Random(31);

        var promoted = Enumerable.Range(0, 1000).Count(_ =>
        {
            var ratios = Ratios(random, 60, Math.Exp(-0.01));
            return Enumerable.Range(2, 59).Any(n => PromotionRule.Sequential(ratios.AsSpan(0, n), Origin.Measured, 1, Held).Outcome == PromotionOutcome.Promote);
        });

        Assert.InRange(promoted / 1000.0, 0, 0.05);
    }

    [Fact]
    public void Looking_after_every_pair_finds_a_saving_of_3_percent_within_24_pairs()
    {
        var random = new Random(32);

        var found = Enumerable.Range(0, 300).Count(_ =>
        {
            var ratios = Ratios(random, 24, 0.97);
            return Enumerable.Range(2, 23).Any(n => PromotionRule.Sequential(ratios.AsSpan(0, n), Origin.Measured, 1, Held).Outcome == PromotionOutcome.Promote);
        });

        Assert.InRange(found / 300.0, 0.8, 1);
    }

    [Fact]
    public void Before_all_pairs_are_there_a_test_of_fixed_length_goes_on_whatever_they_say()
    {
        var decision = PromotionRule.FixedLength([-0.5, -0.51, -0.5], Origin.Measured, 1, Held);

        Assert.Equal(PromotionOutcome.Continue, decision.Outcome);
        Assert.Equal<string>([ReasonCode.TooFewPairs], decision.Reasons.ToArray());
    }

    [Fact]
    public void More_pairs_than_agreed_are_not_looked_at()
    {
        double[] twelve = [.. Enumerable.Range(0, 12).Select(i => 0.001 * (i % 3))];

        var decision = PromotionRule.FixedLength([.. twelve, .. Enumerable.Repeat(-0.9, 100)], Origin.Measured, 1, Held);

        Assert.Equal(12, decision.Pairs);
        Assert.Equal(PromotionOutcome.Reject, decision.Outcome);
    }

    [Theory]
    [InlineData(Origin.Replayed)]
    [InlineData(Origin.Modelled)]
    [InlineData(Origin.Simulated)]
    public void Nothing_is_promoted_on_numbers_that_were_not_measured(Origin origin)
    {
        var decision = PromotionRule.FixedLength(Ratios(new Random(1), 12, 0.9), origin, 1, Held);

        Assert.Equal(PromotionOutcome.Reject, decision.Outcome);
        Assert.Equal<string>([ReasonCode.NotMeasured], decision.Reasons.ToArray());
    }

    [Fact]
    public void A_broken_guard_ends_the_test_at_once()
    {
        var quality = PromotionRule.FixedLength([-0.1, -0.1], Origin.Measured, 1, new(false, 1));
        var latency = PromotionRule.Sequential(Ratios(new Random(1), 40, 0.9), Origin.Measured, 1, new(true, 1.021));

        Assert.Equal(PromotionOutcome.Reject, quality.Outcome);
        Assert.Contains(ReasonCode.QualityWorse, quality.Reasons);
        Assert.Equal(PromotionOutcome.Reject, latency.Outcome);
        Assert.Equal<string>([ReasonCode.LatencyWorse], latency.Reasons.ToArray());
    }

    [Fact]
    public void A_later_test_needs_more_evidence()
    {
        var ratios = Ratios(new Random(4), 12, 0.98);

        var first = PromotionRule.FixedLength(ratios, Origin.Measured, 1, Held);
        var tenth = PromotionRule.FixedLength(ratios, Origin.Measured, 10, Held);

        Assert.True(tenth.UpperBound > first.UpperBound);
        Assert.Equal(first.Alpha / 100, tenth.Alpha, 1e-15);
    }

    [Fact]
    public void What_all_tests_may_spend_adds_up_to_alpha() =>
        Assert.Equal(0.05, Enumerable.Range(1, 1_000_000).Sum(j => AlphaSpending.Share(0.05, j)), 1e-6);

    [Fact]
    public void A_bias_that_loses_energy_must_go_and_one_that_does_not_may_stay()
    {
        Assert.Equal<string>([ReasonCode.EnergyWorse], PromotionRule.ReasonsToRevert(Ratios(new Random(6), 40, 1.03), Held));
        Assert.Empty(PromotionRule.ReasonsToRevert(Ratios(new Random(6), 40, 0.97), Held));
        Assert.Equal<string>([ReasonCode.QualityWorse, ReasonCode.LatencyWorse], PromotionRule.ReasonsToRevert(Ratios(new Random(6), 40, 0.97), new(false, 2)));
    }

    private static bool Promotes(double[] ratios) => PromotionRule.FixedLength(ratios, Origin.Measured, 1, Held).Outcome == PromotionOutcome.Promote;

    private static double[] Ratios(Random random, int pairs, double effect) => [.. Pairing.Pair(Runs.Interleaved(random, pairs, effect, 0.01), "control", "treated").LogRatios];
}
