using EnergyTTT.Routing.Strategies;
using EnergyTTT.Selection.Epochs;

namespace EnergyTTT.Routing.Tests.Strategies;

public sealed class StrategyCatalogueTests
{
    [Fact]
    public void Every_strategy_of_the_comparison_is_there_once()
    {
        Assert.Equal(
            ["Baseline", "StaticOptimal", "KernelAwareTTHA", "StatisticalLoadBalancing", "LossFreeBalancing", "Hierarchical", "PredictiveThermal", "MultiGpuAware", "DynamicRerouting",
                "OpportunisticActivation(5)", "GreedyConsolidation(0.95)", "EnergyAwareTTT"],
            StrategyCatalogue.All.Select(strategy => strategy.Name));
    }

    [Fact]
    public void Every_strategy_is_found_by_its_own_name_in_any_case()
    {
        Assert.All(StrategyCatalogue.All, strategy => Assert.Equal(strategy, StrategyCatalogue.Find(strategy.Name)));
        Assert.All(StrategyCatalogue.All, strategy => Assert.Equal(strategy, StrategyCatalogue.Find(" " + strategy.Name.ToUpperInvariant())));
    }

    [Fact]
    public void No_two_strategies_do_the_same()
    {
        Assert.Equal(StrategyCatalogue.All.Count, StrategyCatalogue.All.Select(strategy => strategy with { Name = "", Summary = "" }).Distinct().Count());
    }

    [Fact]
    public void Parameters_travel_in_the_name()
    {
        Assert.Equal(BatchStep.OpportunisticActivation(3), StrategyCatalogue.Find("OpportunisticActivation(3)").BatchStep);
        Assert.Equal(BatchStep.GreedyConsolidation(0.9f), StrategyCatalogue.Find("greedyconsolidation( 0.9 )").BatchStep);
        Assert.Equal(5, StrategyCatalogue.Find("OpportunisticActivation").BatchStep.OwnExperts);
    }

    [Theory]
    [InlineData("TTT")]
    [InlineData("")]
    [InlineData("Baseline(1)")]
    public void An_unknown_name_is_answered_with_the_names_there_are(string name)
    {
        var refused = Assert.Throws<ArgumentException>(() => StrategyCatalogue.Find(name));

        Assert.Contains($"'{name}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("LossFreeBalancing", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OpportunisticActivation(0)")]
    [InlineData("OpportunisticActivation(x)")]
    [InlineData("GreedyConsolidation(1.5)")]
    [InlineData("GreedyConsolidation(0)")]
    [InlineData("GreedyConsolidation()")]
    public void A_wrong_parameter_is_named_with_an_example(string name)
    {
        Assert.Contains("as in", Assert.Throws<ArgumentException>(() => StrategyCatalogue.Find(name)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Priority_classes_tighten_and_loosen_the_bounds()
    {
        var policy = new PriorityBounds(0.4, 0.02, 0.95f);

        Assert.Equal(new PriorityBounds(0.1, 0.00125, 0.975f), policy.For(PriorityClass.Interactive));
        Assert.Equal(policy, policy.For(PriorityClass.Standard));
        Assert.Equal(new PriorityBounds(0.8, 0.08, 0.95f), policy.For(PriorityClass.Batch));
    }

    [Fact]
    public void The_best_swap_takes_a_busy_expert_from_a_dear_device_for_a_quiet_one_from_a_cheap_device()
    {
        var swap = PlacementProposal.Best([0.1, 0.5, 0.3, 0.1], [0, 0, 1, 1], [2, 1]);

        Assert.Equal((1, 3, 0, 1), (swap!.Expert, swap.With, swap.From, swap.To));
        Assert.Equal(0.4, swap.Gain, 1e-12);
        Assert.Null(PlacementProposal.Best([0.1, 0.5, 0.3, 0.1], [0, 0, 1, 1], [1, 1]));
        Assert.Null(PlacementProposal.Best([0.1, 0.2, 0.5, 0.2], [0, 0, 1, 1], [2, 1], 0.3));
    }
}
