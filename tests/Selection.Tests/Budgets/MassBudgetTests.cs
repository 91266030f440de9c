using EnergyTTT.Selection.Budgets;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Selection.Tests.Oracles;

namespace EnergyTTT.Selection.Tests.Budgets;

public class MassBudgetTests
{
    [Fact]
    public void The_rate_settles_where_the_mean_mass_is_the_budget()
    {
        var shape = new SelectorShape(32, 4);
        var selector = new Selector(shape);
        var budget = new MassBudget(0.97);
        var random = new Random(9);
        var kept = new List<double>();
        for (var window = 0; window < 400; window++)
        {
            var epoch = new SelectionEpoch(1, "test", new float[32], guardBound: 0.8f, batchStep: BatchStep.MarginalConsolidation(0.8f, budget.MassPerExpert));
            var mass = selector.Select(GateSamples.Make(random, 16, 32, 0), 16, epoch, new int[64], new float[64]).RetainedMassMean;
            budget.Observe(mass);
            if (window >= 100)
            {
                kept.Add(mass);
            }
        }

        Assert.Equal(0.97, kept.Average(), 0.004);
    }

    [Fact]
    public void A_measurement_that_is_not_a_number_changes_nothing()
    {
        var budget = new MassBudget(0.95, 0.1);

        budget.Observe(double.NaN);

        Assert.Equal(0.1, budget.MassPerExpert);
        Assert.Throws<ArgumentOutOfRangeException>(() => new MassBudget(1));
    }
}
