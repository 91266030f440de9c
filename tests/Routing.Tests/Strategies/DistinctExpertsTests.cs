using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Routing.Tests.Losses;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Tests.Strategies;

/// <summary>Distinct experts of a batch at the same mean retained mass, on synthetic gates with equal costs of reading an expert.</summary>
public sealed class DistinctExpertsTests
{
    private const int Experts = 64, TopK = 8, Steps = 60;

    [Theory]
    [InlineData("flat", 16)]
    [InlineData("peaked", 16)]
    [InlineData("skewed", 8)]
    [InlineData("skewed", 16)]
    [InlineData("skewed", 64)]
    [InlineData("drifting", 16)]
    [InlineData("drifting", 64)]
    public void EnergyAwareTtt_needs_no_more_experts_than_greedy_opportunistic_or_a_bias_alone_at_the_same_mass(string kind, int tokens)
    {
        var ours = Learned(kind, tokens, StrategyCatalogue.EnergyAwareTtt);

        // Each rival at our mean mass, between its two nearest settings.
        var greedy = Bisect(bound => Fixed(kind, tokens, BatchStep.GreedyConsolidation((float)bound), (float)bound), ours.Mass);
        var opportunistic = At(ours.Mass, [.. Enumerable.Range(1, TopK).Select(own => Fixed(kind, tokens, BatchStep.OpportunisticActivation(own), 0))]);
        var bias = Learned(kind, tokens, StrategyCatalogue.StaticOptimal);
        var plain = Fixed(kind, tokens, BatchStep.None, 0);

        // Rivals are allowed the sampling noise of 60 steps and the width of the bisection: half a percent.
        Assert.True(ours.Distinct <= greedy.Distinct * 1.005, $"{ours} against greedy {greedy}");
        Assert.True(ours.Distinct <= opportunistic, $"{ours} against opportunistic {opportunistic}");
        Assert.True(ours.Distinct < bias.Distinct, $"{ours} against a bias alone {bias}");
        Assert.True(ours.Distinct < 0.98 * plain.Distinct, $"{ours} against plain {plain}");
    }

    [Theory]
    [InlineData("skewed")]
    [InlineData("drifting")]
    public void With_equal_costs_of_reading_its_bias_is_zero_on_any_gate(string kind)
    {
        using var learner = Learner(StrategyCatalogue.EnergyAwareTtt, 1);
        Run(kind, 16, _ => learner.Epoch, (step, logits, statistics) =>
        {
            learner.Observe(Window(step, 16, logits, statistics));
            Assert.True(learner.Epoch.Bias.Max(Math.Abs) < 1e-3);
        });
    }

    [Fact]
    public void With_different_costs_its_prices_lower_the_modelled_energy_below_that_of_the_same_step_unpriced()
    {
        double Joules(Strategy strategy)
        {
            // Half the experts are four times as dear to read: another number format, a slower device.
            using var learner = Learner(strategy, 4);
            var joules = 0.0;
            Run("flat", 16, _ => learner.Epoch, (step, logits, statistics) =>
            {
                learner.Observe(Window(step, 16, logits, statistics));
                var counts = statistics.Counts.Span;
                for (var e = 0; e < Experts && step >= Steps / 2; e++)
                    joules += counts[e] > 0 ? learner.Options.Costs!.ActivationJoules[e] : 0;
            });
            return joules;
        }

        var batch = StrategyCatalogue.EnergyAwareTtt with { Name = "unpriced", BatchStep = BatchStep.MarginalConsolidation(0.95f), UsesPrices = false, UsesFastWeights = false };

        var (all, alone) = (Joules(StrategyCatalogue.EnergyAwareTtt), Joules(batch));

        Assert.True(all < 0.98 * alone, $"{all} J against {alone} J");
    }

    private static (double Distinct, double Mass) Learned(string kind, int tokens, Strategy strategy)
    {
        using var learner = Learner(strategy, 1);
        return Run(kind, tokens, _ => learner.Epoch, (step, logits, statistics) => learner.Observe(Window(step, tokens, logits, statistics)));
    }

    private static (double Distinct, double Mass) Fixed(string kind, int tokens, BatchStep step, float guard)
    {
        var epoch = new SelectionEpoch(1, "rival", new float[Experts], guardBound: guard, batchStep: step);
        return Run(kind, tokens, _ => epoch, null);
    }

    private static (double Distinct, double Mass) Bisect(Func<double, (double Distinct, double Mass)> rival, double mass)
    {
        var (low, high) = (0.5, 1.0);
        var best = rival(low);
        for (var i = 0; i < 8; i++)
        {
            var middle = (low + high) / 2;
            var at = rival(middle);
            if (at.Mass <= mass)
                (low, best) = (middle, at);
            else
                high = middle;
        }

        // Between the two settings around the mass, linearly.
        var above = rival(high);
        var share = above.Mass > best.Mass ? Math.Clamp((mass - best.Mass) / (above.Mass - best.Mass), 0, 1) : 0;
        return (best.Distinct + (share * (above.Distinct - best.Distinct)), mass);
    }

    /// <summary>Distinct experts at a mass on the line through a rival's settings, which are ordered by mass.</summary>
    private static double At(double mass, (double Distinct, double Mass)[] settings)
    {
        for (var i = 1; i < settings.Length; i++)
        {
            if (settings[i].Mass >= mass)
                return settings[i - 1].Distinct + ((mass - settings[i - 1].Mass) / (settings[i].Mass - settings[i - 1].Mass) * (settings[i].Distinct - settings[i - 1].Distinct));
        }

        return settings[^1].Distinct;
    }

    private static (double Distinct, double Mass) Run(string kind, int tokens, Func<int, SelectionEpoch> epoch, Action<int, float[], SelectionStatistics>? after)
    {
        var selector = new Selector(new SelectorShape(Experts, TopK));
        var (chosen, weights) = (new int[tokens * TopK], new float[tokens * TopK]);
        var (distinct, mass) = (0.0, 0.0);
        for (var step = 0; step < Steps; step++)
        {
            var logits = Logits(kind, step, tokens);
            var statistics = selector.Select(logits, tokens, epoch(step), chosen, weights);
            distinct += statistics.DistinctExperts;
            mass += statistics.RetainedMassMean;
            after?.Invoke(step, logits, statistics);
        }

        return (distinct / Steps, mass / Steps);
    }

    private static float[] Logits(string kind, int step, int tokens)
    {
        var logits = Gates.Logits(tokens, Experts, 1_000 + step, kind switch { "flat" => 0.5, "peaked" => 3, _ => 1.5 });
        if (kind is not ("skewed" or "drifting"))
            return logits;
        var (one, two) = (Gates.Numbers(Experts, 1), Gates.Numbers(Experts, 2));
        var angle = kind == "drifting" ? step * Math.PI / 400 : 0;
        for (var i = 0; i < logits.Length; i++)
            logits[i] += (float)((Math.Cos(angle) * one[i % Experts]) + (Math.Sin(angle) * two[i % Experts]));
        return logits;
    }

    private static RouterLearner Learner(Strategy strategy, double dear) => new(new()
    {
        Shape = new(Experts, TopK),
        Strategy = strategy,
        Costs = new(
            [.. Enumerable.Range(0, Experts).Select(e => 2.3e-3 * (e % 2 == 0 ? 1 : dear))], [.. Enumerable.Repeat(1.5e-5, Experts)], [.. Enumerable.Repeat(3.5e-3, Experts)],
            [.. Enumerable.Repeat(1e-5, Experts)]),
        EpochLife = TimeSpan.FromDays(365_000), // The selector's clock is the machine's; the windows' is not.
    });

    private static LearningWindow Window(int step, int tokens, float[] logits, SelectionStatistics statistics)
    {
        var time = new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero).AddSeconds(step);
        return new()
        {
            Time = time, Tokens = tokens, ExpertCounts = Array.ConvertAll(statistics.Counts.ToArray(), count => (long)count), GateLogits = logits,
            Devices = [new(new GpuStatistics { Time = time, Origin = Origin.Measured, TemperatureCelsius = 50 })],
        };
    }
}
