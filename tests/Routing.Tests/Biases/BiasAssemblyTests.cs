using CsCheck;
using EnergyTTT.Routing.Biases;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Tests.Losses;

namespace EnergyTTT.Routing.Tests.Biases;

public sealed class BiasAssemblyTests
{
    private static readonly Gen<double> AnyNumber = Gen.OneOf(Gen.Double[-5, 5], Gen.Const(double.NaN), Gen.Const(double.PositiveInfinity), Gen.Const(double.NegativeInfinity), Gen.Const(1e300), Gen.Const(0.0));

    [Fact]
    public void Whatever_comes_in_the_sum_is_zero_the_spread_holds_and_nobody_moves_by_more_than_the_step()
    {
        Gen.Select(Gen.Int[1, 40], Gen.Double[0, 4]).SelectMany((experts, spread) => Gen.Select(AnyNumber.Array[experts], Gen.Double[-3, 3].Array[experts], Gen.Const(spread)))
            .Sample((sum, raw, spread) =>
            {
                var current = new float[raw.Length];
                BiasAssembly.Step(current, raw, spread, 1e9, current); // Any admissible starting point.
                var result = new float[raw.Length];

                BiasAssembly.Step(current, sum, spread, 0.05, result);

                return Math.Abs(result.Sum(b => (double)b)) < 1e-5 && BiasAssembly.Spread(result) <= spread + 1e-9
                    && current.Zip(result).All(pair => Math.Abs(pair.First - pair.Second) <= 0.05 + 1e-6);
            }, iter: 2000);
    }

    [Fact]
    public void A_near_target_is_reached_exactly_and_a_far_one_in_a_straight_line()
    {
        var result = new float[3];
        BiasAssembly.Step([0, 0, 0], [0.03, -0.01, -0.02], 1, 0.05, result);
        Assert.Equal([0.03f, -0.01f, -0.02f], result);

        BiasAssembly.Step([0, 0, 0], [0.4, -0.2, -0.2], 1, 0.05, result);
        Assert.Equal([0.05f, -0.025f, -0.025f], result);
    }

    [Fact]
    public void A_tightened_spread_is_kept_at_once_even_if_that_is_a_larger_step()
    {
        var result = new float[2];

        BiasAssembly.Step([0.5f, -0.5f], [0.5, -0.5], 0.2, 0.05, result);

        Assert.True(BiasAssembly.Spread(result) <= 0.2);
    }

    [Fact]
    public void Permuting_experts_permutes_the_bias()
    {
        var (one, two) = (new float[4], new float[4]);

        BiasAssembly.Step([0.1f, -0.1f, 0.05f, -0.05f], [1, -1, 0.3, 0.1], 0.5, 0.05, one);
        BiasAssembly.Step([-0.05f, 0.05f, -0.1f, 0.1f], [0.1, 0.3, -1, 1], 0.5, 0.05, two);

        Assert.All(one.Zip(two.Reverse()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Theory]
    [InlineData(2.5, 2.5)]
    [InlineData(-1, 0)]
    [InlineData(9, 4)]
    public void Golden_section_finds_the_valley_or_the_better_end(double valley, double expected)
    {
        Assert.Equal(expected, GoldenSection.Minimise(x => (x - valley) * (x - valley), 4, 40), 1e-6);
    }

    [Fact]
    public void A_flat_or_broken_function_stays_at_zero()
    {
        Assert.Equal(0, GoldenSection.Minimise(_ => 1, 4));
        Assert.Equal(0, GoldenSection.Minimise(x => x == 0 ? 1 : double.NaN, 4));
        Assert.Equal(0, GoldenSection.Minimise(x => x, 0));
    }

    [Fact]
    public void The_fast_term_never_raises_the_loss_on_its_own_data()
    {
        Gen.Select(Gen.Int[0, 1 << 20], Gen.Double[0, 1]).Sample((seed, previous) =>
        {
            var (sample, loss) = (Gates.Sample(30, 10, seed), new LossModel(new() { Prices = Gates.Prices(10, seed + 1) }));
            var (bias, f) = (Gates.Numbers(10, seed + 2, 0.05), Gates.Numbers(10, seed + 3));

            var gamma = FastTerm.Length(loss, sample, bias, [.. f.Select(v => (float)v)], previous, 1);

            return gamma >= 0 && loss.Evaluate(sample, [.. bias.Zip(f).Select(pair => pair.First + (gamma * (float)pair.Second))]).Total <= loss.Evaluate(sample, bias).Total;
        }, iter: 200);
    }

    [Fact]
    public void The_fast_term_grows_from_nothing_along_a_direction_that_helps_and_stays_away_from_one_that_does_not()
    {
        var (sample, prices) = (Gates.Sample(60, 10, 1), Gates.Prices(10, 2));
        var loss = new LossModel(new() { Prices = prices });
        float[] helps = [.. prices.Select(c => (float)-c)], hurts = [.. prices.Select(c => (float)c)];

        var first = FastTerm.Length(loss, sample, new double[10], helps, 0, 1);
        var second = FastTerm.Length(loss, sample, new double[10], helps, first, 1);

        // L = .35 q.c + KL has its minimum at b = -.35 c; a fifth of the way is gone per window.
        Assert.Equal(0.2 * 0.35, first, 0.01);
        Assert.True(second > first);
        Assert.Equal(0, FastTerm.Length(loss, sample, new double[10], hurts, 0, 1));
        Assert.Equal(0, FastTerm.Length(loss, new GateSample(10), new double[10], helps, 0.5, 1));
        Assert.Equal(0, FastTerm.Length(new LossModel(new() { Prices = new double[10] }), sample, new double[10], helps, 0, 1));
    }
}
