using EnergyTTT.Routing.FastWeights;
using TorchSharp;

namespace EnergyTTT.Routing.Tests.FastWeights;

public sealed class FastWeightNetworkTests
{
    private static readonly FastWeightShape Shape = new(experts: 12, inputs: 10, hidden: 8);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Row_norms_are_what_they_were_after_any_number_of_updates(bool muon)
    {
        using var network = new FastWeightNetwork(Shape, new() { MuonEnabled = muon, MuonStep = 0.3, AdamRate = 0.05 });
        var before = network.Snapshot();

        for (var i = 0; i < 20; i++)
            Assert.True(network.Update(Numbers(40 * 10, i), Numbers(40 * 12, 100 + i)).Applied);

        var after = network.Snapshot();
        Assert.Equal(20, network.Step);
        Assert.NotEqual(before.Outputs, after.Outputs);
        Assert.All(Norms(before).Zip(Norms(after)), pair => Assert.Equal(1, pair.Second / pair.First, 1e-4));
        Assert.Equal(before.RowNorms, after.RowNorms);
    }

    [Fact]
    public void The_same_seed_and_data_give_the_same_bits()
    {
        using var one = new FastWeightNetwork(Shape, new() { Seed = 5 });
        using var two = new FastWeightNetwork(Shape, new() { Seed = 5 });
        using var other = new FastWeightNetwork(Shape, new() { Seed = 6 });

        one.Update(Numbers(30 * 10, 1), Numbers(30 * 12, 2));
        two.Update(Numbers(30 * 10, 1), Numbers(30 * 12, 2));

        AssertSame(one.Snapshot(), two.Snapshot());
        Assert.NotEqual(one.Snapshot().Gates, other.Snapshot().Gates);
    }

    [Fact]
    public void Initial_weights_have_the_variance_of_one_over_the_fan_in()
    {
        using var network = new FastWeightNetwork(new(256, 64, 64));

        var state = network.Snapshot();

        Assert.Equal(1.0 / 64, state.Gates.Select(v => (double)v * v).Average(), 0.0012);
        Assert.Equal(1.0 / 64, state.Outputs.Select(v => (double)v * v).Average(), 0.0012);
        Assert.Equal(0, state.Ups.Average(v => (double)v), 0.008);
    }

    [Fact]
    public void An_update_turns_the_answer_towards_its_values()
    {
        using var network = new FastWeightNetwork(Shape);
        float[] keys = Numbers(16 * 10, 3), values = Numbers(16 * 12, 4);
        var before = Agreement(network, keys, values);

        for (var i = 0; i < 50; i++)
            network.Update(keys, values);

        Assert.True(Agreement(network, keys, values) > before + 1, "the objective sum <f(k), v> has to rise");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_to_learn_is_no_step(bool muon)
    {
        using var network = new FastWeightNetwork(Shape, new() { MuonEnabled = muon });
        var before = network.Snapshot();

        var outcome = network.Update(Numbers(4 * 10, 1), new float[4 * 12]);

        Assert.False(outcome.Applied);
        AssertSame(before, network.Snapshot());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_number_that_is_not_finite_leaves_weights_and_momentum_alone(float bad)
    {
        using var network = new FastWeightNetwork(Shape);
        network.Update(Numbers(4 * 10, 1), Numbers(4 * 12, 2));
        var before = network.Snapshot();
        var values = Numbers(4 * 12, 3);
        values[7] = bad;

        var outcome = network.Update(Numbers(4 * 10, 2), values);

        Assert.False(outcome.Applied);
        Assert.Contains("not finite", outcome.Reason, StringComparison.Ordinal);
        AssertSame(before, network.Snapshot());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void A_scale_of_nothing_is_no_step(double scale)
    {
        using var network = new FastWeightNetwork(Shape);

        Assert.False(network.Update(Numbers(10, 1), Numbers(12, 2), scale: scale).Applied);
        Assert.Equal(0, network.Step);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Going_on_from_a_snapshot_equals_never_having_stopped(bool muon)
    {
        using var whole = new FastWeightNetwork(Shape, new() { MuonEnabled = muon });
        using var resumed = new FastWeightNetwork(Shape, new() { MuonEnabled = muon, Seed = 99 });
        for (var i = 0; i < 6; i++)
        {
            if (i == 3)
                resumed.Restore(whole.Snapshot());
            whole.Update(Numbers(20 * 10, i), Numbers(20 * 12, 50 + i));
            if (i >= 3)
                resumed.Update(Numbers(20 * 10, i), Numbers(20 * 12, 50 + i));
        }

        AssertSame(whole.Snapshot(), resumed.Snapshot());
    }

    [Fact]
    public void A_snapshot_of_another_shape_or_with_a_fault_is_refused_and_changes_nothing()
    {
        using var network = new FastWeightNetwork(Shape);
        var before = network.Snapshot();
        using var larger = new FastWeightNetwork(new(13, 10, 8));

        Assert.Throws<ArgumentException>(() => network.Restore(larger.Snapshot()));
        Assert.Throws<ArgumentException>(() => network.Restore(before with { Outputs = [.. before.Outputs.Select(v => 2 * v)] }));
        Assert.Throws<ArgumentException>(() => network.Restore(before with { Gates = [float.NaN, .. before.Gates[1..]] }));
        AssertSame(before, network.Snapshot());
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_named()
    {
        using var network = new FastWeightNetwork(Shape);

        Assert.Contains("rows of 10", Assert.Throws<ArgumentException>(() => network.Update(new float[11], new float[12])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => network.Update(new float[20], new float[12]));
        Assert.Throws<ArgumentException>(() => network.Update(new float[10], new float[12], new float[2]));
        Assert.Throws<ArgumentException>(() => network.Apply(new float[10], new float[11]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_tensor_is_left_behind(bool muon)
    {
        using var network = new FastWeightNetwork(Shape, new() { MuonEnabled = muon });
        var result = new float[4 * 12];
        void Round()
        {
            network.Update(Numbers(4 * 10, 1), Numbers(4 * 12, 2));
            network.Apply(Numbers(4 * 10, 3), result);
            network.Restore(network.Snapshot());
        }

        Round();
        DisposeScopeManager.Statistics.Reset();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 10; i++)
            Round();

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Rates_follow_the_softplus_and_equal_their_base_at_zero()
    {
        Assert.Equal(0.001, TokenRates.Rate(0, 0.001), 1e-12);
        Assert.Equal(0.01, TokenRates.Rate(0, 0.01), 1e-12);
        Assert.Equal(0.9129158619899129, TokenRates.Rate(5, 0.01), 1e-12);
        Assert.True(TokenRates.Rate(-100, 0.01) is > 0 and < 1e-40);
        Assert.Equal(800 + Math.Log(Math.Exp(0.01) - 1), TokenRates.Rate(800, 0.01), 1e-9);
        Assert.Equal(0.5, TokenRates.ChunkMomentum([0, 0, 0]), 1e-15);
        Assert.Equal(0, TokenRates.ChunkMomentum([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenRates.Rate(0, 0));
    }

    internal static void AssertSame(FastWeightState expected, FastWeightState actual)
    {
        Assert.Equal(expected.Step, actual.Step);
        Assert.Equal(expected.Gates, actual.Gates);
        Assert.Equal(expected.Ups, actual.Ups);
        Assert.Equal(expected.Outputs, actual.Outputs);
        Assert.Equal(expected.RowNorms, actual.RowNorms);
        Assert.Equal(expected.Momentum, actual.Momentum);
        Assert.Equal(expected.SecondMoments, actual.SecondMoments);
    }

    internal static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((2 * random.NextDouble()) - 1))];
    }

    private static IEnumerable<double> Norms(FastWeightState state) =>
        state.Gates.Chunk(state.Shape.Inputs).Concat(state.Ups.Chunk(state.Shape.Inputs)).Concat(state.Outputs.Chunk(state.Shape.Hidden)).Select(row => FastWeightState.Norm(row));

    private static double Agreement(FastWeightNetwork network, float[] keys, float[] values)
    {
        var result = new float[values.Length];
        network.Apply(keys, result);
        return result.Zip(values).Sum(pair => (double)pair.First * pair.Second);
    }
}
