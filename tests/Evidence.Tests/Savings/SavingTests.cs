using CsCheck;
using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Evidence.Savings;
using EnergyTTT.Evidence.Tests.Blocks;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Evidence.Tests.Savings;

public sealed class SavingTests
{
    [Fact]
    public void A_true_saving_of_3_percent_is_called_a_saving_with_an_interval_around_it()
    {
        var saving = Saving.Of(Pairing.Pair(Runs.Interleaved(new Random(1), 12, 0.97, 0.01), "control", "treated"));

        Assert.Equal(Verdict.Saving, saving.Verdict);
        Assert.InRange(3.0, saving.Ci95Low!.Value, saving.Ci95High!.Value);
        Assert.Equal(saving.Percent, saving.SavedPercent);
        Assert.Equal(12, saving.Pairs);
        Assert.StartsWith("saved ", saving.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_and_nothing_are_said_as_plainly()
    {
        var loss = Saving.Of(Pairing.Pair(Runs.Interleaved(new Random(2), 12, 1.05, 0.01), "control", "treated"));
        var nothing = Saving.Of(Pairing.Pair(Runs.Interleaved(new Random(3), 12, 1, 0.01), "control", "treated"));

        Assert.Equal(Verdict.Loss, loss.Verdict);
        Assert.True(loss.Percent < -3);
        Assert.Null(loss.SavedPercent);
        Assert.Equal(Verdict.NoSignificantSaving, nothing.Verdict);
        Assert.Null(nothing.SavedPercent);
        Assert.StartsWith("no significant saving (95 % interval ", nothing.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Few_pairs_are_inconclusive_however_clear_they_look()
    {
        var saving = Saving.Of([-0.5, -0.5, -0.5, -0.5, -0.51], Origin.Measured);

        Assert.Equal(Verdict.Inconclusive, saving.Verdict);
        Assert.Equal([ReasonCode.TooFewPairs], saving.Reasons.ToArray());
        Assert.Null(saving.SavedPercent);
    }

    [Fact]
    public void No_pairs_give_no_figure()
    {
        var saving = Saving.Of(Pairing.Pair([], "control", "treated"));

        Assert.Null(saving.Percent);
        Assert.Null(saving.Ci95Low);
        Assert.Equal(Verdict.Inconclusive, saving.Verdict);
    }

    // Invariant 27.
    [Fact]
    public void Numbers_that_no_sensor_measured_never_become_a_saving_whatever_they_are() =>
        Gen.Select(Gen.Double[-2, 2].Array[0, 40], Gen.Enum<Origin>().Where(o => o != Origin.Measured)).Sample(x =>
        {
            var saving = Saving.Of(x.Item1, x.Item2);
            Assert.Null(saving.SavedPercent);
            Assert.True(saving.Verdict is Verdict.NotMeasured or Verdict.Inconclusive);
            Assert.Contains(ReasonCode.NotMeasured, saving.Reasons);
            Assert.DoesNotContain("saved", saving.ToString(), StringComparison.Ordinal);
        });

    // Invariant 27: one simulated block among measured ones is enough.
    [Theory]
    [InlineData(Origin.Replayed)]
    [InlineData(Origin.Modelled)]
    [InlineData(Origin.Simulated)]
    public void The_weakest_block_decides_the_origin(Origin weakest)
    {
        var blocks = Runs.Interleaved(new Random(5), 12, 0.9, 0.01).ToArray();
        blocks[17] = blocks[17] with { Origin = weakest };

        var saving = Saving.Of(Pairing.Pair(blocks, "control", "treated"));

        Assert.Equal(weakest, saving.Origin);
        Assert.Equal(Verdict.NotMeasured, saving.Verdict);
        Assert.Null(saving.SavedPercent);
        Assert.NotNull(saving.Percent);
    }

    [Theory]
    [InlineData(Verdict.Saving, Origin.Simulated, 5.0, 4.0, 6.0)]
    [InlineData(Verdict.Loss, Origin.Modelled, -5.0, -6.0, -4.0)]
    [InlineData(Verdict.NoSignificantSaving, Origin.Replayed, 0.5, -1.0, 2.0)]
    [InlineData(Verdict.Saving, Origin.Measured, 5.0, -1.0, 6.0)]
    [InlineData(Verdict.Saving, Origin.Measured, null, null, null)]
    [InlineData(Verdict.Loss, Origin.Measured, 5.0, 4.0, 6.0)]
    public void A_stored_figure_that_contradicts_itself_is_refused(Verdict verdict, Origin origin, double? percent, double? low, double? high) =>
        Assert.Throws<ArgumentException>(() => Saving.Restore(percent, low, high, 12, Saving.PairedBlocksMethod, origin, verdict, []));

    [Fact]
    public void A_saving_survives_being_stored()
    {
        var saving = Saving.Of(Pairing.Pair(Runs.Interleaved(new Random(1), 12, 0.97, 0.01), "control", "treated"));

        var restored = Saving.Restore(saving.Percent, saving.Ci95Low, saving.Ci95High, saving.Pairs, saving.Method, saving.Origin, saving.Verdict, saving.Reasons);

        Assert.Equal(saving.ToString(), restored.ToString());
        Assert.Equal(saving.SavedPercent, restored.SavedPercent);
    }

    [Fact]
    public void The_95_percent_interval_covers_the_truth_95_percent_of_the_time()
    {
        var random = new Random(21);

        var covered = Enumerable.Range(0, 2000).Count(_ => Saving.Of(Pairing.Pair(Runs.Interleaved(random, 12, 0.97, 0.01), "control", "treated")) is { Ci95Low: < 3, Ci95High: > 3 });

        Assert.InRange(covered / 2000.0, 0.935, 0.965);
    }
}
