using EnergyTTT.Evidence.Switchbacks;

namespace EnergyTTT.Evidence.Tests.Switchbacks;

public sealed class SwitchbackPlanTests
{
    [Fact]
    public void Each_round_is_a_permutation_and_its_mirror_image()
    {
        var order = new SwitchbackPlan(42).Order(3, 50);

        Assert.Equal(300, order.Length);
        foreach (var round in order.Chunk(6))
        {
            Assert.Equal([0, 1, 2], round[..3].Order());
            Assert.Equal(round[..3], round[3..].Reverse());
        }

        // All six permutations turn up.
        Assert.Equal(6, order.Chunk(6).Select(r => string.Join("", r[..3])).Distinct().Count());
    }

    [Fact]
    public void A_seed_gives_the_same_plan_for_ever()
    {
        Assert.Equal([0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0], new SwitchbackPlan(1).Order(2, 4));
        Assert.NotEqual(new SwitchbackPlan(1).Order(2, 20), new SwitchbackPlan(2).Order(2, 20));
    }

    [Fact]
    public void Five_percent_of_blocks_are_held_out_and_nobody_can_guess_which()
    {
        var plan = new SwitchbackPlan(7);
        var held = Enumerable.Range(0, 100_000).Where(b => plan.IsHeldOut(b, 0.05)).ToList();

        Assert.InRange(held.Count, 4_790, 5_210);
        // Neighbours are held out as often as chance says: 0.05 of the held-out ones.
        Assert.InRange(held.Zip(held.Skip(1), (a, b) => b - a).Count(d => d == 1) / (double)held.Count, 0.04, 0.06);
        Assert.DoesNotContain(true, Enumerable.Range(0, 1000).Select(b => plan.IsHeldOut(b, 0)));
    }

    [Fact]
    public void A_moment_lies_in_one_block()
    {
        var origin = new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal((2, 5.0), SwitchbackPlan.BlockAt(origin.AddSeconds(65), origin, 30));
        Assert.Throws<ArgumentOutOfRangeException>(() => SwitchbackPlan.BlockAt(origin.AddSeconds(-1), origin, 30));
    }

    [Theory]
    [InlineData(0, 0, 40, 10)]
    [InlineData(25, 1000, 100, 25)]
    [InlineData(5, 100, 210, 10)]
    public void A_block_is_long_enough_for_heat_tokens_and_the_counter(double thermal, double rate, double seconds, double warmup) =>
        Assert.Equal(new BlockLength(seconds, warmup), BlockLength.Of(thermal, rate));
}
