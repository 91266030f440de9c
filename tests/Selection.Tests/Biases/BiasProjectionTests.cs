using CsCheck;
using EnergyTTT.Selection.Biases;

namespace EnergyTTT.Selection.Tests.Biases;

public class BiasProjectionTests
{
    [Fact]
    public void Whatever_comes_in_the_sum_is_zero_and_the_spread_at_most_R() =>
        Gen.Select(Gen.Float.Array[1, 600], Gen.Float[0, 4]).Sample((bias, spread) =>
        {
            BiasProjection.Project(bias, spread);

            Assert.True(Math.Abs(bias.Sum(b => (double)b)) < 1e-5);
            Assert.True(bias.Max() - bias.Min() <= spread);
        });

    [Fact]
    public void A_bias_that_fits_only_loses_its_mean()
    {
        float[] bias = [0.3f, 0.1f, 0.2f];

        BiasProjection.Project(bias, 0.4f);

        Assert.Equal([0.1f, -0.1f, 0f], bias.Select(b => MathF.Round(b, 6)));
    }

    [Fact]
    public void Infinities_go_to_the_edges_and_NaN_to_the_middle()
    {
        float[] bias = [float.NegativeInfinity, 0, float.NaN, float.PositiveInfinity];

        BiasProjection.Project(bias, 1);

        Assert.Equal(-0.5f, bias[0], 1e-5f);
        Assert.Equal(0, bias[1], 1e-5f);
        Assert.Equal(0, bias[2], 1e-5f);
        Assert.Equal(0.5f, bias[3], 1e-5f);
    }

    [Fact]
    public void Equal_numbers_become_exactly_zero()
    {
        var bias = Enumerable.Repeat(0.7f, 48).ToArray();

        BiasProjection.Project(bias, 0.4f);

        Assert.All(bias, b => Assert.Equal(0, b));
    }
}
