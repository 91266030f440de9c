using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Selection.Tests.Selectors;

public class ATokenTests
{
    [Fact]
    public void A_token_takes_its_best_experts_with_weights_that_sum_to_one()
    {
        var shape = new SelectorShape(experts: 4, topK: 2);
        var selector = new Selector(shape);
        var experts = new int[2];
        var weights = new float[2];

        var statistics = selector.Select([0f, MathF.Log(3), float.NaN, 0f], 1, SelectionEpoch.Baseline(shape), experts, weights);

        Assert.Equal([1, 0], experts);
        Assert.Equal(0.75f, weights[0], 1e-6f);
        Assert.Equal(0.25f, weights[1], 1e-6f);
        Assert.Equal(2, statistics.DistinctExperts);
        Assert.Equal(1, statistics.RetainedMassMin);
    }

    [Fact]
    public void Tokens_consolidate_on_fewer_experts_within_the_guard()
    {
        var shape = new SelectorShape(experts: 4, topK: 2);
        var selector = new Selector(shape);
        var epoch = new SelectionEpoch(1, "GreedyConsolidation", new float[4], guardBound: 0.9f, batchStep: BatchStep.GreedyConsolidation(0.9f));
        var experts = new int[4];
        var weights = new float[4];

        var statistics = selector.Select([9f, 1f, 0.9f, 0f, 9f, 0f, 1f, 0.9f], 2, epoch, experts, weights);

        Assert.Equal(1, statistics.DistinctExperts);
        Assert.True(statistics.RetainedMassMin >= 0.9);
        Assert.Equal([0, Selector.Unused, 0, Selector.Unused], experts);
    }
}
