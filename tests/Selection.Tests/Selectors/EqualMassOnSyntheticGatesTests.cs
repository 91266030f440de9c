using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Selection.Tests.Oracles;

namespace EnergyTTT.Selection.Tests.Selectors;

public class EqualMassOnSyntheticGatesTests
{
    private static readonly SelectorShape Shape = new(64, 6);

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var kind in new[] { "flat", "peaked", "skewed", "drifting" })
            {
                foreach (var tokens in new[] { 8, 32, 96, 256 })
                {
                    cases.Add(kind, tokens);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Marginal_consolidation_reads_no_more_experts_than_any_other_selection_at_the_same_mean_mass(string kind, int tokens)
    {
        var batches = Gates(kind, tokens, steps: Math.Max(6, 192 / tokens));
        var popular = Popularity(batches, tokens);
        foreach (var (name, other, bias) in new (string, BatchStep, float[])[]
        {
            ("opportunistic", BatchStep.OpportunisticActivation(3), new float[64]),
            ("greedy", BatchStep.GreedyConsolidation(0.9f), new float[64]),
            ("bias only", BatchStep.None, popular),
        })
        {
            var (distinct, mass) = Run(batches, tokens, other, bias);
            var ours = At(batches, tokens, mass);
            Assert.True(ours <= distinct + 0.02, $"{kind}, N={tokens}: {ours:0.000} experts against {distinct:0.000} of {name} at mean mass {mass:0.0000}.");
        }
    }

    // Distinct experts at a mean mass: the straight line between the two rates that enclose it.
    private static double At(float[][] batches, int tokens, double mass)
    {
        if (mass >= 1)
        {
            return Run(batches, tokens, BatchStep.MarginalConsolidation(0, 0), new float[64]).Distinct;
        }

        double low = 0, high = 64;
        var (below, above) = (Run(batches, tokens, BatchStep.MarginalConsolidation(0, high), new float[64]), Run(batches, tokens, BatchStep.MarginalConsolidation(0, low), new float[64]));
        for (var i = 0; i < 18; i++)
        {
            var middle = low < 1e-4 ? (high > 2e-4 ? 1e-4 : high / 2) : Math.Sqrt(low * high);
            var run = Run(batches, tokens, BatchStep.MarginalConsolidation(0, middle), new float[64]);
            (low, high, below, above) = run.Mass >= mass ? (middle, high, below, run) : (low, middle, run, above);
        }

        var part = above.Mass > below.Mass ? (mass - below.Mass) / (above.Mass - below.Mass) : 1;
        return below.Distinct + (Math.Clamp(part, 0, 1) * (above.Distinct - below.Distinct));
    }

    private static (double Distinct, double Mass) Run(float[][] batches, int tokens, BatchStep step, float[] bias)
    {
        var selector = new Selector(Shape);
        var epoch = new SelectionEpoch(1, "test", bias, guardBound: 0, batchStep: step);
        var experts = new int[tokens * Shape.TopK];
        var weights = new float[experts.Length];
        var done = batches.Select(logits => selector.Select(logits, tokens, epoch, experts, weights)).ToArray();
        return (done.Average(d => d.DistinctExperts), done.Average(d => d.RetainedMassMean));
    }

    private static float[] Popularity(float[][] batches, int tokens)
    {
        var selector = new Selector(Shape);
        var sums = new float[64];
        foreach (var logits in batches)
        {
            var counts = selector.Select(logits, tokens, SelectionEpoch.Baseline(Shape), new int[tokens * 6], new float[tokens * 6]).Counts.Span;
            for (var e = 0; e < 64; e++)
            {
                sums[e] += counts[e];
            }
        }

        var bias = sums.Select(n => MathF.Log(1 + n)).ToArray();
        EnergyTTT.Selection.Biases.BiasProjection.Project(bias, 2);
        return bias;
    }

    private static float[][] Gates(string kind, int tokens, int steps)
    {
        var random = new Random(tokens);
        var preference = Enumerable.Range(0, 64).Select(_ => GateSamples.Normal(random)).ToArray();
        return [.. Enumerable.Range(0, steps).Select(step =>
        {
            if (kind == "drifting")
            {
                for (var e = 0; e < 64; e++)
                {
                    preference[e] = (0.9f * preference[e]) + (0.43f * GateSamples.Normal(random));
                }
            }

            var logits = GateSamples.Make(random, tokens, 64, 0);
            for (var i = 0; i < logits.Length; i++)
            {
                logits[i] = kind switch
                {
                    "flat" => 0.5f * logits[i],
                    "peaked" => 3 * logits[i],
                    _ => logits[i] + (1.5f * preference[i % 64]),
                };
            }

            return logits;
        })];
    }
}
