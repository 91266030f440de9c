using EnergyTTT.Grains.Deployments;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Wire.Deployments;
using Xunit;

namespace EnergyTTT.Grains.Tests.Deployments;

public sealed class EnergyAttributionTests
{
    private static readonly CostFit Fit = new(new(2, 0), new(0.01, 0), new(1, 0), new(0, 0), new(0, 0), new(0, 0), new(0, 0), 1, 66, KernelCostSource.Nvml);

    [Fact]
    public void The_layer_costs_what_the_fit_says_of_the_distinct_experts_that_the_engine_counted()
    {
        var experts = new double[4];

        // 160 tokens in steps of 16: ten steps of 3 distinct experts, 320 slots.
        var joules = EnergyAttribution.Add(Fit, Layer([160, 80, 60, 20], distinct: 3), tokens: 160, batchTokens: 16, experts);

        Assert.Equal((10 * (1 + (2 * 3))) + (320 * 0.01), joules, 9);
        Assert.Equal(joules - 10, experts.Sum(), 9);
        Assert.True(experts[0] > experts[1] && experts[1] > experts[2] && experts[2] > experts[3]);
    }

    [Fact]
    public void An_expert_that_no_token_used_is_charged_nothing()
    {
        var experts = new double[4];

        EnergyAttribution.Add(Fit, Layer([160, 160, 0, 0], distinct: 2), 160, 16, experts);

        // Ten steps that read two experts at 2 J, and 160 slots at 0.01 J each.
        Assert.Equal([21.6, 21.6, 0, 0], experts.Select(joules => Math.Round(joules, 9)));
    }

    [Fact]
    public void Without_a_count_of_distinct_experts_independent_tokens_are_assumed()
    {
        var experts = new double[2];

        var joules = EnergyAttribution.Add(Fit, Layer([50, 0], distinct: null), tokens: 100, batchTokens: 1, experts);

        Assert.Equal((100 * (1 + (2 * 0.5))) + (50 * 0.01), joules, 9);
    }

    [Fact]
    public void A_layer_that_stands_for_several_counts_as_many_times_for_itself_and_for_its_experts()
    {
        var chunk = new ChunkFeedback
        {
            Replica = "r", Chunk = 1, Epoch = 0, Arm = SteeringArm.Treated, Tokens = 160, Phase = InferencePhase.Decode, BatchTokens = 16, Layers = [Layer([160, 80, 60, 20], distinct: 3)],
        };

        var one = ModelledChunk.Of(chunk, Fit);
        var eight = ModelledChunk.Of(chunk, Fit.Times(8));

        Assert.Equal(8 * one.Joules, eight.Joules, 9);
        Assert.Equal(8 * one.ExpertJoules[0][2], eight.ExpertJoules[0][2], 9);
    }

    private static LayerFeedback Layer(long[] counts, double? distinct) => new()
    {
        Layer = 0, ExpertCounts = counts, MeanGateProbability = new float[counts.Length], DistinctExpertsMean = distinct,
    };
}
