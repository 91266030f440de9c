using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Runs;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Selection.Epochs;

namespace EnergyTTT.Experiments.Tests.Arms;

public class BoundDialTests
{
    [Theory]
    [InlineData("GreedyConsolidation", 0.8586)]
    [InlineData("OpportunisticActivation", 4)]
    [InlineData("EnergyAwareTTT", 0.1581)]
    public void A_dial_turns_the_one_setting_of_a_batch_step(string strategy, double half)
    {
        var plan = ArmCatalogue.Of(StrategyCatalogue.Find(strategy));
        var dial = BoundDial.Of(plan, 8)!;

        var step = dial.Turned(plan, half).Strategy.BatchStep;

        Assert.Equal(half, dial.At(0.5), 1e-9);
        Assert.Equal(plan.Strategy.BatchStep.Kind, step.Kind);
        Assert.Contains(half, new[] { Math.Round(step.RetainedMass, 4), step.OwnExperts, step.MassPerExpert });
        Assert.Equal(dial.Stops(4).Distinct(), dial.Stops(4));
    }

    [Fact]
    public void A_strategy_without_a_batch_step_has_no_dial() => Assert.Null(BoundDial.Of(ArmCatalogue.Baseline(), 8));

    [Fact]
    public void A_bound_in_a_strategys_name_is_not_undone_by_the_guard()
    {
        var named = ArmCatalogue.Named("GreedyConsolidation(0.8)", 0.95f);
        var plain = ArmCatalogue.Named("GreedyConsolidation", 0.9f);

        Assert.Equal((0.8f, 0.8f), (named.GuardBound, named.Strategy.BatchStep.RetainedMass));
        Assert.Equal((0.9f, 0.9f), (plain.GuardBound, plain.Strategy.BatchStep.RetainedMass));
        Assert.Equal(0, ArmCatalogue.Named("OpportunisticActivation(3)", 0.95f).GuardBound);
    }

    [Fact]
    public void A_sweep_has_the_control_twice_and_every_setting_once()
    {
        var arms = ArmCatalogue.Sweep(ArmCatalogue.Swept(0.93f, byDemand: true), 8, 5);

        Assert.Equal([ArmCatalogue.Control, ArmCatalogue.ControlAgain], arms.Take(2).Select(arm => arm.Name));
        Assert.Equal(arms.Count, arms.Select(arm => arm.Name).Distinct().Count());
        Assert.Equal(5, arms.Count(arm => arm.Curve == "GreedyConsolidation"));
        Assert.All(arms.Where(arm => arm.Curve == ArmCatalogue.Product), arm => Assert.True(arm.ByAffinity && arm.Strategy.BatchStep.Kind == BatchStepKind.GreedyConsolidation));
    }

    [Fact]
    public void Within_a_budget_a_curve_is_read_along_its_line_and_not_beyond_its_end()
    {
        (double, double)[] points = [(0.2, 10), (0.6, 30), (2, 40)];

        Assert.Equal(5, SweepCurves.Within(points, 0.1)!.Value, 1e-9);
        Assert.Equal(20, SweepCurves.Within(points, 0.4)!.Value, 1e-9);
        Assert.Equal(40, SweepCurves.Within(points, 9)!.Value, 1e-9);
        Assert.Null(SweepCurves.Within([], 1));
    }
}
