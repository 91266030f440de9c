using EnergyTTT.Routing.Biases;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Routing.Tests.Learning;
using EnergyTTT.Selection.Epochs;

namespace EnergyTTT.Routing.Tests.Strategies;

/// <summary>What each strategy does that the others do not, on a layer whose experts cost differently.</summary>
public sealed class StrategyBehaviourTests
{
    private static readonly double[] Factors = Windows.Factors(3);

    /// <summary>Experts 0 to 7 on device 0, 8 to 15 on device 1.</summary>
    private static readonly int[] TwoDevices = [.. Enumerable.Range(0, 16).Select(e => e / 8)];

    [Theory]
    [InlineData("Baseline")]
    [InlineData("OpportunisticActivation(3)")]
    [InlineData("GreedyConsolidation(0.9)")]
    public void Strategies_without_a_bias_keep_it_at_exactly_zero_whatever_things_cost(string name)
    {
        using var learner = Run(name, 15);

        Assert.True(learner.Epoch.IsNeutral);
        Assert.Equal(0, learner.Epoch.Number);
        using var aware = new RouterLearner(learner.Options with { BatchAware = true });
        Assert.Equal(StrategyCatalogue.Find(name).BatchStep, aware.Epoch.BatchStep);
        Assert.Equal(BatchStep.None, learner.Epoch.BatchStep);
        Assert.Equal(0, learner.Statistics.UpdateCount);
    }

    [Fact]
    public void StaticOptimal_is_the_price_tilt_and_nothing_else()
    {
        using var learner = Run("StaticOptimal", 40);

        // Every bias lies on one line through its price: b = -lambda (cbar) up to clipping at the spread.
        Assert.Equal(0, learner.Statistics.Gamma);
        Assert.Equal(0, learner.Statistics.UpdateCount);
        Assert.Equal(BatchStep.None, learner.Epoch.BatchStep);
        var order = Enumerable.Range(0, 16).OrderBy(e => Factors[e]).Select(e => learner.Epoch.Bias[e]).ToArray();
        Assert.True(order.Zip(order.Skip(1)).All(pair => pair.First >= pair.Second - 1e-4), string.Join(' ', order));
        Assert.True(order[0] - order[^1] > 0.1);
    }

    [Fact]
    public void KernelAwareTtha_learns_fast_weights_and_ignores_heat()
    {
        using var cool = Run("KernelAwareTTHA", 30, w => w with { Devices = [Windows.Device(w.Time, 40), Windows.Device(w.Time, 40)] }, TwoDevices);
        using var hot = Run("KernelAwareTTHA", 30, w => w with { Devices = [Windows.Device(w.Time, 40), Windows.Device(w.Time, 95, forecast: 99)] }, TwoDevices);

        Assert.True(cool.Statistics.UpdateCount > 5);
        Assert.Equal(1, hot.Statistics.Urgency);
        Assert.Equal(0, hot.Statistics.Loss.Thermal);
    }

    [Fact]
    public void StatisticalLoadBalancing_moves_load_towards_the_price_tilted_demand_without_a_price_term()
    {
        using var learner = Run("StatisticalLoadBalancing", 80);

        // The dearest quarter gets less bias than the cheapest quarter, by integration alone: small steps.
        Assert.True(Quarter(learner, dearest: false) > Quarter(learner, dearest: true) + 0.01);
        Assert.All(learner.Epoch.Bias, b => Assert.InRange(b, -0.15f, 0.15f));
        Assert.Equal(0, learner.Statistics.UpdateCount);
    }

    [Fact]
    public void LossFreeBalancing_pushes_the_popular_down_and_the_rare_up_and_does_not_care_what_they_cost()
    {
        double[] skew = [.. Enumerable.Range(0, 16).Select(e => e < 4 ? 1.0 : 0)];
        using var learner = Run("LossFreeBalancing", 50, tilt: skew);
        using var free = Run("LossFreeBalancing", 50, tilt: skew, costs: false);

        Assert.All(Enumerable.Range(0, 4), e => Assert.True(learner.Epoch.Bias[e] < -0.02));
        Assert.All(Enumerable.Range(4, 12), e => Assert.True(learner.Epoch.Bias[e] > 0));
        Assert.Equal(free.Epoch.Bias.ToArray(), learner.Epoch.Bias.ToArray());

        // The sign rule of the paper moves by exactly u a window; after 50 windows no expert is further than 50 u (and the mean that is taken out).
        Assert.All(learner.Epoch.Bias, b => Assert.InRange(b, -0.1f, 0.1f));
    }

    [Fact]
    public void Hierarchical_spends_less_quality_on_interactive_tenants_than_on_batch_jobs()
    {
        double Spread(PriorityClass priority)
        {
            using var learner = new RouterLearner(Windows.Options(Factors) with { Strategy = StrategyCatalogue.Hierarchical, Priority = priority });
            for (var i = 0; i < 40; i++)
                learner.Observe(Windows.Window(i));
            Assert.True(priority != PriorityClass.Interactive || learner.Epoch.GuardBound > 0.97f);
            return BiasAssembly.Spread(learner.Epoch.Bias.AsSpan());
        }

        var (interactive, standard, batch) = (Spread(PriorityClass.Interactive), Spread(PriorityClass.Standard), Spread(PriorityClass.Batch));

        Assert.True(interactive <= 0.1 && standard is > 0.1 and <= 0.4 && batch is > 0.4 and <= 0.8, $"{interactive} {standard} {batch}");
        using var other = new RouterLearner(Windows.Options(Factors) with { Strategy = StrategyCatalogue.StaticOptimal, Priority = PriorityClass.Interactive });
        for (var i = 0; i < 40; i++)
            other.Observe(Windows.Window(i));
        Assert.True(BiasAssembly.Spread(other.Epoch.Bias.AsSpan()) > 0.1, "other strategies do not look at the class");
    }

    [Fact]
    public void PredictiveThermal_moves_away_from_a_device_that_will_be_hot_before_it_is()
    {
        LearningWindow Heating(LearningWindow w) => w with { Devices = [Windows.Device(w.Time, 60, forecast: 60), Windows.Device(w.Time, 60, forecast: 90)] };
        using var learner = Run("PredictiveThermal", 40, Heating, TwoDevices, equal: true);
        using var blind = Run("MultiGpuAware", 40, Heating, TwoDevices, equal: true);

        Assert.True(Mean(learner, 0) > Mean(learner, 1) + 0.05);
        Assert.Equal(0, Mean(blind, 0) - Mean(blind, 1), 0.05);
        using var single = Run("PredictiveThermal", 20, w => w with { Devices = [Windows.Device(w.Time, 60, forecast: 95)] }, equal: true);
        Assert.True(single.Epoch.IsNeutral, "with one device there is nowhere to move to");
    }

    [Fact]
    public void MultiGpuAware_prices_the_heat_of_now_balances_by_speed_and_proposes_to_move_experts()
    {
        double[] skew = [.. Enumerable.Range(0, 16).Select(e => e == 9 ? 2.0 : 0)];
        var options = Windows.Options() with { Strategy = StrategyCatalogue.MultiGpuAware, Devices = TwoDevices };
        using var learner = new RouterLearner(options);
        LearningOutcome? last = null;
        for (var i = 0; i < 40; i++)
        {
            var window = Windows.Window(i, tilt: skew);
            last = learner.Observe(window with { Devices = [Windows.Device(window.Time, 50), Windows.Device(window.Time, 88)] });
        }

        Assert.True(Mean(learner, 0) > Mean(learner, 1) + 0.05);
        Assert.Equal((9, 1, 0), (last!.Proposal!.Expert, last.Proposal.From, last.Proposal.To));

        using var slow = Run("MultiGpuAware", 40, w => w with { Devices = [Windows.Device(w.Time, speed: 3), Windows.Device(w.Time, speed: 1)] }, TwoDevices, equal: true);
        Assert.True(Mean(slow, 0) - Mean(slow, 1) > 0.03, "load goes to the faster device");
    }

    [Fact]
    public void DynamicRerouting_acts_on_where_load_is_going()
    {
        // Demand for expert 0 rises window by window; the forecast is ahead of the load, so its bias falls earlier than that of the plain integral rule.
        using var trend = new RouterLearner(Windows.Options(Factors) with { Strategy = StrategyCatalogue.DynamicRerouting });
        using var plain = new RouterLearner(Windows.Options(Factors) with { Strategy = StrategyCatalogue.StatisticalLoadBalancing });
        for (var i = 0; i < 12; i++)
        {
            double[] rising = [.. Enumerable.Range(0, 16).Select(e => e == Cheapest() ? -1 + (0.25 * i) : 0)];
            var window = Windows.Window(i, tilt: rising);
            trend.Observe(window);
            plain.Observe(window);
        }

        Assert.True(trend.Epoch.Bias[Cheapest()] < plain.Epoch.Bias[Cheapest()], $"{trend.Epoch.Bias[Cheapest()]} against {plain.Epoch.Bias[Cheapest()]}");
    }

    [Fact]
    public void EnergyAwareTtt_has_every_term()
    {
        LearningWindow Two(LearningWindow w) => w with { Devices = [Windows.Device(w.Time, 60, forecast: 60, speed: 2), Windows.Device(w.Time, 60, forecast: 84)] };
        using var all = Run("EnergyAwareTTT", 40, Two, TwoDevices);
        using var price = Run("StaticOptimal", 40, Two, TwoDevices);

        using var aware = new RouterLearner(all.Options with { BatchAware = true });
        Assert.Equal(BatchStepKind.MarginalConsolidation, aware.Epoch.BatchStep.Kind);
        Assert.True(all.Statistics.UpdateCount > 5);
        Assert.True(all.Statistics.Loss.Thermal > 0 && all.Statistics.Loss.LoadBalance > 0);
        Assert.True(Mean(all, 0) - Mean(all, 1) > Mean(price, 0) - Mean(price, 1) + 0.02, "heat and speed pull to device 0");
        Assert.True(all.Statistics.Loss.Total < all.Statistics.LossAtRest.Total);
    }

    private static RouterLearner Run(
        string strategy, int windows, Func<LearningWindow, LearningWindow>? change = null, int[]? devices = null, double[]? tilt = null, bool equal = false, bool costs = true)
    {
        var options = Windows.Options(equal ? null : Factors) with { Strategy = StrategyCatalogue.Find(strategy), Devices = devices ?? [] };
        var learner = new RouterLearner(costs ? options : options with { Costs = null });
        for (var i = 0; i < windows; i++)
        {
            var window = Windows.Window(i, learner.Epoch.Bias.AsSpan(), tilt: tilt);
            learner.Observe(change is null ? window : change(window));
        }

        return learner;
    }

    private static int Cheapest() => Array.IndexOf(Factors, Factors.Min());

    private static double Mean(RouterLearner learner, int device) => Enumerable.Range(0, 16).Where(e => TwoDevices[e] == device).Average(e => (double)learner.Epoch.Bias[e]);

    private static double Quarter(RouterLearner learner, bool dearest)
    {
        var order = Enumerable.Range(0, 16).OrderBy(e => Factors[e]);
        return (dearest ? order.Reverse() : order).Take(4).Average(e => (double)learner.Epoch.Bias[e]);
    }
}
