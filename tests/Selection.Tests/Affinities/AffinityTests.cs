using EnergyTTT.Selection.Affinities;
using EnergyTTT.Selection.Signatures;

namespace EnergyTTT.Selection.Tests.Affinities;

public class AffinityTests
{
    [Fact]
    public void Like_joins_like_and_no_group_exceeds_its_bound()
    {
        float[] signatures = [1, 0, 0, 1, 0.9f, 0.1f, 0.1f, 0.9f, 0.8f, 0.2f];

        Assert.Equal([0, 1, 0, 1, 2], AffinityGrouping.Group(signatures, 2, [], bound: 2));
        Assert.Equal([0, 1, 0, 1, 1], AffinityGrouping.Group(signatures, 2, [1, 1, 1, 1, 0.5], bound: 2.5).Select((g, i) => i == 4 ? 1 : g));
        Assert.Throws<ArgumentException>(() => AffinityGrouping.Group(signatures, 2, [3, 1, 1, 1, 1], bound: 2));
    }

    [Fact]
    public void Random_requests_are_all_placed_within_the_bound()
    {
        var random = new Random(4);
        var signatures = Enumerable.Range(0, 50 * 8).Select(_ => random.NextSingle()).ToArray();
        var loads = Enumerable.Range(0, 50).Select(_ => 0.1 + random.NextDouble()).ToArray();

        var groups = AffinityGrouping.Group(signatures, 8, loads, 3);

        Assert.All(groups, group => Assert.True(group >= 0));
        Assert.All(groups.Select((g, i) => (g, loads[i])).GroupBy(p => p.g), g => Assert.True(g.Sum(p => p.Item2) <= 3 + 1e-6));
    }

    [Fact]
    public void Exchanges_never_raise_the_expected_experts_and_keep_group_sizes()
    {
        var random = new Random(2);
        var usage = Enumerable.Range(0, 24).SelectMany(r => Enumerable.Range(0, 32).Select(e => e % 3 == r % 3 ? 0.5f * random.NextSingle() : 0.02f)).ToArray();
        var groups = Enumerable.Range(0, 24).Select(r => r / 8).ToArray();

        var (before, after) = GroupRefinement.Exchange(usage, groups);

        Assert.True(after < before * 0.9, $"{before} -> {after}");
        Assert.All(groups.GroupBy(g => g), g => Assert.Equal(8, g.Count()));
        Assert.Equal(Expected(usage, groups), after, 1e-3);
    }

    [Fact]
    public void A_request_joins_the_replica_where_it_costs_least()
    {
        var choice = ReplicaChoice.Among([Offer("a", 4), Offer("b", 2), Offer("c", 2)], load: 1, slack: 0.5);

        Assert.Equal((1, ReplicaReason.Cheapest), (choice.Index, choice.Reason));
        Assert.Equal(2 * 0.002, choice.Joules, 1e-12);
    }

    [Fact]
    public void Queue_and_heat_count_against_a_replica()
    {
        Assert.Equal(0, ReplicaChoice.Among([Offer("a", 4), Offer("b", 2) with { QueueJoules = 1 }], 1, 0.5).Index);
        Assert.Equal(0, ReplicaChoice.Among([Offer("a", 4), Offer("b", 2) with { HeatJoules = 1 }], 1, 0.5).Index);
    }

    [Fact]
    public void A_replica_above_its_share_is_passed_over_and_a_closed_one_is_never_chosen()
    {
        var crowded = ReplicaChoice.Among([Offer("a", 1) with { Load = 9 }, Offer("b", 5) with { Load = 3 }], 1, 0.1);
        var closed = ReplicaChoice.Among([Offer("a", 1) with { IsOpen = false }, Offer("b", 5)], 1, 0.1);
        var none = ReplicaChoice.Among([Offer("a", 1) with { IsOpen = false }], 1, 0.1);

        Assert.Equal((1, ReplicaReason.CheapestWithinLoadBound), (crowded.Index, crowded.Reason));
        Assert.Equal((1, ReplicaReason.Cheapest), (closed.Index, closed.Reason));
        Assert.Equal((-1, ReplicaReason.NoneOpen), (none.Index, none.Reason));
    }

    [Fact]
    public void When_all_are_above_their_share_the_least_full_takes_it()
    {
        var choice = ReplicaChoice.Among([Offer("a", 1) with { Load = 4 }, Offer("b", 5) with { Load = 4, Capacity = 2 }, Offer("c", 5) with { Load = 4 }], load: 20, slack: 0);

        Assert.Equal((1, ReplicaReason.LeastLoaded), (choice.Index, choice.Reason));
    }

    [Fact]
    public void A_term_that_is_not_a_number_is_refused() =>
        Assert.Contains("'b'", Assert.Throws<ArgumentException>(() => ReplicaChoice.Among([Offer("a", 1), Offer("b", double.NaN)], 1, 0)).Message, StringComparison.Ordinal);

    private static ReplicaOffer Offer(string name, double extra) => new(name, extra, JoulesPerExpert: 0.002, QueueJoules: 0, HeatJoules: 0, Load: 2);

    private static double Expected(float[] usage, int[] groups)
    {
        double sum = 0;
        foreach (var group in groups.Distinct())
        {
            var absence = new float[32];
            for (var r = 0; r < groups.Length; r++)
            {
                if (groups[r] == group)
                {
                    ExtraExperts.AddAbsence(usage.AsSpan(r * 32, 32), absence);
                }
            }

            sum += ExtraExperts.Distinct(absence, 1);
        }

        return sum / groups.Distinct().Count();
    }
}
