using EnergyTTT.Evidence.Intervals;

namespace EnergyTTT.Evidence.Tests.Intervals;

public sealed class MeanIntervalTests
{
    [Fact]
    public void The_interval_of_a_worked_example()
    {
        // mean 3, s = sqrt(2.5), t(.975, 4) = 2.7764451051977987
        var interval = MeanInterval.TwoSided([1, 2, 3, 4, 5], 0.95);

        Assert.Equal(3, interval.Mean, 1e-15);
        Assert.Equal(Math.Sqrt(2.5), interval.Deviation, 1e-15);
        Assert.Equal(3 + 2.7764451051977987 * Math.Sqrt(0.5), interval.High, 1e-10);
        Assert.Equal(6, interval.Low + interval.High, 1e-12);
    }

    [Fact]
    public void One_value_proves_nothing()
    {
        var interval = MeanInterval.TwoSided([0.1], 0.95);

        Assert.Equal(0.1, interval.Mean);
        Assert.Equal(double.NegativeInfinity, interval.Low);
        Assert.Equal(double.PositiveInfinity, interval.High);
        Assert.True(double.IsNaN(MeanInterval.TwoSided([], 0.95).Mean));
    }

    [Fact]
    public void A_value_that_is_no_number_is_refused_with_its_place()
    {
        var error = Assert.Throws<ArgumentException>(() => MeanInterval.TwoSided([1, double.NaN], 0.95));

        Assert.Contains("value 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_interval_covers_the_mean_as_often_as_it_says()
    {
        var random = new Random(7);

        var covered = Enumerable.Range(0, 4000).Count(_ => MeanInterval.TwoSided(random.Normals(8, 1, 0.3), 0.95) is { Low: < 1, High: > 1 });

        // Standard error of 0.95 over 4,000 runs: 0.0034.
        Assert.InRange(covered / 4000.0, 0.938, 0.962);
    }

    [Fact]
    public void A_confidence_sequence_is_wider_than_an_interval_and_narrows()
    {
        var values = new Random(3).Normals(200, 0, 1);

        var fixedLength = MeanInterval.TwoSided(values, 0.95);
        var sequence = ConfidenceSequence.Of(values, 0.05);
        var earlier = ConfidenceSequence.Of(values.AsSpan(0, 50), 0.05);

        Assert.True(sequence.High - sequence.Low > fixedLength.High - fixedLength.Low);
        Assert.True(sequence.High - sequence.Low < earlier.High - earlier.Low);
        Assert.Equal(double.PositiveInfinity, ConfidenceSequence.Of(values.AsSpan(0, 2), 0.05).High);
    }

    [Fact]
    public void Whoever_looks_after_every_value_still_errs_at_most_alpha_often()
    {
        var random = new Random(11);

        var missed = Enumerable.Range(0, 1000).Count(_ =>
        {
            var values = random.Normals(150, 0.4, 2);
            return Enumerable.Range(2, 149).Any(n => ConfidenceSequence.Of(values.AsSpan(0, n), 0.1) is var s && (s.Low > 0.4 || s.High < 0.4));
        });

        // At most 10 %, and three standard errors for 1,000 runs.
        Assert.InRange(missed / 1000.0, 0, 0.128);
        Assert.True(missed > 0, "a sequence that never errs is not one of 90 %");
    }
}
