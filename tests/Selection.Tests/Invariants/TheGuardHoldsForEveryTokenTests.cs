using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Selection.Tests.Oracles;

namespace EnergyTTT.Selection.Tests.Invariants;

public class TheGuardHoldsForEveryTokenTests
{
    [Fact]
    public void No_token_of_a_million_random_and_adversarial_ones_keeps_less_than_its_bound()
    {
        var random = new Random(5);
        long tokens = 0, moved = 0;
        var steps = new[]
        {
            BatchStep.None, BatchStep.GreedyConsolidation(0.5f), BatchStep.MarginalConsolidation(0.5f, 0.3), BatchStep.MarginalConsolidation(0),
            BatchStep.OpportunisticActivation(1), BatchStep.OpportunisticActivation(3), BatchStep.GreedyConsolidation(0.97f, priced: true),
        };
        var shapes = new[]
        {
            new SelectorShape(8, 2), new SelectorShape(16, 4, GateKind.Sigmoid, biasSpace: BiasSpace.SigmoidScore), new SelectorShape(64, 6), new SelectorShape(12, 12),
            new SelectorShape(32, 4, GateKind.Sigmoid, groups: 4, topGroups: 2), new SelectorShape(48, 8, GateKind.SqrtSoftplus), new SelectorShape(1, 1),
        };
        var selectors = shapes.Select(shape => new Selector(shape)).ToArray();
        for (var round = 0; tokens < 1_000_000; round++)
        {
            var shape = shapes[round % shapes.Length];
            var step = steps[random.Next(steps.Length)];
            var bound = new[] { 0.5f, 0.8f, 0.9f, 0.95f, 0.99f, 1f }[random.Next(6)];
            var batch = step.Kind == BatchStepKind.None ? 2048 : 1 + random.Next(96);
            var logits = GateSamples.Make(random, batch, shape.Experts, random.Next(GateSamples.Kinds));
            var epoch = new SelectionEpoch(1, "test", GateSamples.Bias(random, shape.Experts, 6 * random.NextSingle()), shape.BiasSpace, bound, step, GateSamples.Bias(random, shape.Experts, 1).Select(MathF.Abs).ToArray());
            var experts = new int[batch * shape.TopK];

            var statistics = selectors[round % shapes.Length].Select(logits, batch, epoch, experts, new float[experts.Length]);

            var demanded = Math.Max(bound, step.RetainedMass);
            var least = double.PositiveInfinity;
            for (var token = 0; token < batch; token++)
            {
                var share = Share(shape, logits.AsSpan(token * shape.Experts, shape.Experts), experts.AsSpan(token * shape.TopK, shape.TopK));
                least = Math.Min(least, share);
                moved += share < 1 ? 1 : 0;
                if (share < demanded)
                {
                    // The plain set itself may differ by rounding from the one that a double would choose.
                    Assert.True(share >= Math.Min(demanded, 1 - 3e-7), $"round {round}: token {token} keeps {share:R} of its mass under {step}, bound {demanded:R}.");
                }
            }

            Assert.Equal(least, statistics.RetainedMassMin, 1e-6);
            tokens += batch;
        }

        Assert.True(moved > 200_000, $"Only {moved} tokens lost any mass: the test would say little.");
    }

    // rho from the logits alone, in doubles. For ungrouped gates without a trained bias the plain mass is the sum of the k largest scores.
    private static double Share(SelectorShape shape, ReadOnlySpan<float> logits, ReadOnlySpan<int> chosen)
    {
        Span<double> scores = stackalloc double[logits.Length];
        var largest = double.NegativeInfinity;
        foreach (var z in logits)
        {
            largest = z > largest ? z : largest;
        }

        for (var e = 0; e < scores.Length; e++)
        {
            double z = logits[e];
            scores[e] = !(z > float.MinValue) ? 0
                : shape.Gate == GateKind.Sigmoid ? 1 / (1 + Math.Exp(-z))
                : shape.Gate == GateKind.SqrtSoftplus ? Math.Sqrt(Math.Min(Math.Max(z, 0), float.MaxValue) + Exact(Math.Exp(-Math.Abs(z))))
                : z == largest ? 1 : Math.Exp(z - largest);
        }

        double mass = 0;
        foreach (var expert in chosen)
        {
            mass += expert < 0 ? 0 : scores[expert];
        }

        if (shape.IsGrouped)
        {
            Limit(shape, logits, scores);
        }

        scores.Sort();
        double plain = 0;
        foreach (var score in scores[^shape.TopK..])
        {
            plain += score;
        }

        return plain > 0 ? mass / plain : 1;
    }

    private static double Exact(double x) => 1 + x == 1 ? x : Math.Log(1 + x) * (x / (1 + x - 1));

    private static void Limit(SelectorShape shape, ReadOnlySpan<float> logits, Span<double> scores)
    {
        var worth = new double[shape.Groups];
        var floats = new double[scores.Length];
        for (var e = 0; e < scores.Length; e++)
        {
            floats[e] = (float)scores[e];
        }

        for (var g = 0; g < shape.Groups; g++)
        {
            var best = floats.Skip(g * shape.GroupSize).Take(shape.GroupSize).OrderDescending().ToArray();
            worth[g] = (float)best[0] + (float)best[1];
        }

        var kept = Enumerable.Range(0, shape.Groups).OrderByDescending(g => worth[g]).ThenBy(g => g).Take(shape.TopGroups).ToHashSet();
        for (var e = 0; e < scores.Length; e++)
        {
            scores[e] = kept.Contains(e / shape.GroupSize) ? scores[e] : 0;
        }
    }
}
