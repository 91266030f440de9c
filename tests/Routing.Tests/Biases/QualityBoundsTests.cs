using CsCheck;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Tests.Losses;
using EnergyTTT.Selection.Biases;

namespace EnergyTTT.Routing.Tests.Biases;

public sealed class QualityBoundsTests
{
    [Theory]
    [InlineData(0.05, 0.0003, 0.0125, 0.951)]
    [InlineData(0.1, 0.00125, 0.025, 0.905)]
    [InlineData(0.2, 0.005, 0.050, 0.819)]
    [InlineData(0.4, 0.020, 0.100, 0.670)]
    [InlineData(1.0, 0.125, 0.245, 0.368)]
    public void The_published_table_of_guarantees_is_right(double spread, double divergence, double variation, double mass)
    {
        Assert.Equal(divergence, BiasBounds.Divergence(spread), 0.00005);
        Assert.Equal(variation, BiasBounds.TotalVariation(spread), 0.0005);
        Assert.Equal(mass, BiasBounds.RetainedMass(spread), 0.0005);
    }

    [Fact]
    public void The_tilted_gate_of_the_learner_keeps_the_bound_on_divergence()
    {
        Gen.Select(Gen.Int[0, 1 << 20], Gen.Double[0.01, 4]).Sample((seed, spread) =>
        {
            var sample = Gates.Sample(1, 9, seed, 3);
            var raw = new Random(seed);
            double[] bias = [.. Enumerable.Range(0, 9).Select(_ => raw.NextDouble() * spread)];
            return Tilt.Mean(sample.Rows, bias, new double[9]) <= BiasBounds.Divergence(spread) + 1e-6;
        }, iter: 2000);
    }
}
