using CsCheck;
using EnergyTTT.Routing.Feedback;

namespace EnergyTTT.Routing.Tests.Feedback;

public sealed class FeedbackTests
{
    [Fact]
    public void Norms_and_energies_are_those_of_the_original_description()
    {
        // norm 5 and 13; mean 9, torch.std 5.656854; energies 14 and 4
        var context = ContextStatistics.Of([new float[] { 3, 4 }, new float[] { 5, 0, 12 }], [new float[] { 1, 2, 3 }, new float[] { -2 }], 2.0);

        Assert.Equal([5.0, 13.0], context.GradientNorms);
        Assert.Equal(9, context.GradientMean);
        Assert.Equal(Math.Sqrt(32), context.GradientDeviation!.Value, 1e-12);
        Assert.Equal([14.0, 4.0], context.ActivationEnergy);
        Assert.Equal(9, context.ActivationEnergyMean);
        Assert.Equal(2.0, context.Loss);
    }

    [Fact]
    public void What_was_not_given_is_null_and_one_gradient_has_no_spread()
    {
        var nothing = ContextStatistics.Of(null, null, null);
        Assert.Null(nothing.GradientMean);
        Assert.Null(nothing.GradientDeviation);
        Assert.Null(nothing.ActivationEnergyMean);
        Assert.Null(nothing.Loss);

        Assert.Equal(0, ContextStatistics.Of([new float[] { 3, 4 }], null, null).GradientDeviation);
    }

    [Fact]
    public void A_norm_does_not_overflow() => Assert.Equal(1e30 * Math.Sqrt(2), ContextStatistics.Of([new[] { 1e30f, 1e30f }], null, null).GradientMean!.Value, 1e24);

    [Fact]
    public void Values_per_expert_must_be_one_per_expert()
    {
        Assert.Equal([1.0, 2.0], ContextStatistics.OfExperts(2, [1, 2], [], null).GradientNorms);
        Assert.Empty(ContextStatistics.OfExperts(2, [], [], null).GradientNorms);

        var error = Assert.Throws<ArgumentException>(() => ContextStatistics.OfExperts(8, [], new float[7], null));
        Assert.Contains("7 activation mean-squares for 8 experts", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ContextStatistics.OfExperts(2, [1, float.NaN], [], null));
        Assert.Throws<ArgumentException>(() => ContextStatistics.OfExperts(2, [1, -1], [], null));
        Assert.Throws<ArgumentException>(() => ContextStatistics.Of(null, null, double.NaN));
    }

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(double.NaN, 0)]
    [InlineData(0.00003, 0)]
    [InlineData(0.00004, 1)]
    [InlineData(0.49, 14)]
    [InlineData(0.5, 15)]
    [InlineData(1.0, 15)]
    public void A_gap_has_its_bin(double margin, int bin) => Assert.Equal(bin, MarginHistogram.BinOf(margin));

    [Fact]
    public void The_histogram_takes_the_gap_behind_the_kth_probability()
    {
        var histogram = new long[16];

        MarginHistogram.Add([0.1f, 0.4f, 0.2f, 0.3f], 2, histogram);
        MarginHistogram.Add([0.1f, 0.4f, 0.2f, 0.3f], 4, histogram);
        MarginHistogram.Add([0.25f, 0.25f, 0.25f, 0.25f], 1, histogram);

        // 0.3 - 0.2 = 0.1 (bin 12), 0.1 - nothing = 0.1 (bin 12), and no gap at all.
        Assert.Equal(2, histogram[12]);
        Assert.Equal(1, histogram[0]);
        Assert.Equal(3, histogram.Sum());
    }

    [Theory]
    [InlineData(217, 64)]
    [InlineData(64, 64)]
    [InlineData(40, 64)]
    public void A_projection_neither_stretches_nor_tilts(int inputs, int outputs)
    {
        var a = new OrthogonalProjection(inputs, outputs, 1).Matrix.ToArray();

        // Rows are orthonormal when it reduces, columns when it widens.
        var vectors = Math.Min(inputs, outputs);
        for (var i = 0; i < vectors; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                double dot = 0;
                for (var k = 0; k < Math.Max(inputs, outputs); k++)
                {
                    dot += inputs >= outputs ? (double)a[i * inputs + k] * a[j * inputs + k] : (double)a[k * inputs + i] * a[k * inputs + j];
                }

                Assert.Equal(i == j ? 1 : 0, dot, 1e-6);
            }
        }
    }

    [Fact]
    public void A_seed_gives_the_same_matrix_for_ever()
    {
        var digest = new OrthogonalProjection(217, 64, 20261123).Digest;

        Assert.Equal(digest, new OrthogonalProjection(217, 64, 20261123).Digest);
        Assert.NotEqual(digest, new OrthogonalProjection(217, 64, 1).Digest);
        Assert.Equal("300447cb51be58158d6f131bd86dcb3a92563fc096809eb1672901e4483d11f7", digest);
    }

    [Fact]
    public void Running_mean_and_variance_are_the_weighted_ones()
    {
        var random = new Random(2);
        var standardiser = new RunningStandardiser(1, 0.9);
        double[] values = [.. Enumerable.Range(0, 60).Select(_ => 3 + 2 * random.NextDouble())];
        foreach (var value in values)
        {
            standardiser.Observe([value]);
        }

        var weights = values.Select((_, i) => Math.Pow(0.9, values.Length - 1 - i)).ToArray();
        var mean = values.Zip(weights, (v, w) => v * w).Sum() / weights.Sum();
        var variance = values.Zip(weights, (v, w) => w * (v - mean) * (v - mean)).Sum() / weights.Sum();
        Assert.Equal(mean, standardiser.Mean[0], 1e-12);
        Assert.Equal(variance, standardiser.Variance[0], 1e-12);
        Assert.Equal(weights.Sum(), standardiser.Weight[0], 1e-12);
    }

    [Fact]
    public void A_missing_value_moves_nothing_and_standardises_to_0()
    {
        var standardiser = new RunningStandardiser(2);
        standardiser.Observe([1, 5]);
        standardiser.Observe([2, double.NaN]);
        var result = new double[2];

        standardiser.Apply([double.NaN, 5], result);

        Assert.Equal([0.0, 0.0], result);
        Assert.Equal(5, standardiser.Mean[1]);
        standardiser.Apply([1e9, -1e9], result);
        Assert.Equal([4.0, -4.0], result);
    }

    [Fact]
    public void A_standardiser_survives_a_snapshot_and_a_broken_one_is_refused()
    {
        var standardiser = new RunningStandardiser(2);
        standardiser.Observe([1, 5]);
        standardiser.Observe([2, 9]);
        var copy = new RunningStandardiser(2);
        copy.Restore(standardiser.Snapshot());

        Assert.Equal(standardiser.Snapshot(), copy.Snapshot());
        Assert.Throws<ArgumentException>(() => copy.Restore([1, 2, 3]));
        Assert.Throws<ArgumentException>(() => copy.Restore([0, 0, -1, 0, 0, 0]));
    }
}
