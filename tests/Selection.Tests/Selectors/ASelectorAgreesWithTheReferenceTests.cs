using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Selection.Tests.Oracles;

namespace EnergyTTT.Selection.Tests.Selectors;

public class ASelectorAgreesWithTheReferenceTests
{
    public static TheoryData<int, int, GateKind, BiasSpace, int, int> Shapes => new()
    {
        { 1, 1, GateKind.Softmax, BiasSpace.Logit, 1, 1 },
        { 8, 2, GateKind.Softmax, BiasSpace.Logit, 1, 1 },
        { 8, 8, GateKind.Softmax, BiasSpace.Logit, 1, 1 },
        { 13, 3, GateKind.Sigmoid, BiasSpace.Logit, 1, 1 },
        { 64, 6, GateKind.Softmax, BiasSpace.Logit, 1, 1 },
        { 60, 4, GateKind.Softmax, BiasSpace.SoftmaxScore, 1, 1 },
        { 128, 8, GateKind.Sigmoid, BiasSpace.SigmoidScore, 1, 1 },
        { 32, 4, GateKind.SqrtSoftplus, BiasSpace.SqrtSoftplusScore, 1, 1 },
        { 32, 4, GateKind.SqrtSoftplus, BiasSpace.Logit, 4, 2 },
        { 256, 8, GateKind.Sigmoid, BiasSpace.SigmoidScore, 8, 4 },
        { 64, 6, GateKind.Softmax, BiasSpace.Logit, 8, 3 },
        { 12, 3, GateKind.Sigmoid, BiasSpace.Logit, 4, 2 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_plain_choice_is_the_same_as_the_slow_one(int experts, int k, GateKind gate, BiasSpace space, int groups, int top) =>
        Compare(new SelectorShape(experts, k, gate, groups, top, true, space), BatchStep.None, spread: 0, guard: 0.95f, rounds: 30);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_biased_and_guarded_choice_is_the_same_as_the_slow_one(int experts, int k, GateKind gate, BiasSpace space, int groups, int top)
    {
        var shape = new SelectorShape(experts, k, gate, groups, top, false, space);
        Compare(shape, BatchStep.None, spread: 2, guard: 0.95f, rounds: 15);
        Compare(shape, BatchStep.None, spread: 0.3f, guard: 0.8f, rounds: 15);
        Compare(shape, BatchStep.None, spread: 1, guard: 0, rounds: 10);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_batch_that_consolidates_by_demand_is_the_same_as_the_slow_one(int experts, int k, GateKind gate, BiasSpace space, int groups, int top)
    {
        var shape = new SelectorShape(experts, k, gate, groups, top, true, space);
        Compare(shape, BatchStep.GreedyConsolidation(0.9f), spread: 0, guard: 0.8f, rounds: 10);
        Compare(shape, BatchStep.GreedyConsolidation(0.9f, priced: true), spread: 0.5f, guard: 0.95f, rounds: 5);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_batch_that_consolidates_by_marginal_loss_is_the_same_as_the_slow_one(int experts, int k, GateKind gate, BiasSpace space, int groups, int top)
    {
        var shape = new SelectorShape(experts, k, gate, groups, top, true, space);
        Compare(shape, BatchStep.MarginalConsolidation(0.85f), spread: 0, guard: 0.8f, rounds: 6);
        Compare(shape, BatchStep.MarginalConsolidation(0.5f, 0.2, priced: true), spread: 0, guard: 0, rounds: 6);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_batch_that_shares_what_is_active_is_the_same_as_the_slow_one(int experts, int k, GateKind gate, BiasSpace space, int groups, int top)
    {
        var shape = new SelectorShape(experts, k, gate, groups, top, true, space);
        Compare(shape, BatchStep.OpportunisticActivation(Math.Max(1, k / 2)), spread: 0, guard: 0.9f, rounds: 8);
        Compare(shape, BatchStep.OpportunisticActivation(1), spread: 0.5f, guard: 0, rounds: 8);
    }

    private static void Compare(SelectorShape shape, BatchStep step, float spread, float guard, int rounds)
    {
        var random = new Random(shape.Experts * 31 + shape.TopK);
        var selector = new Selector(shape);
        var reference = new ReferenceSelector(shape);
        int compared = 0, doubtful = 0;
        for (var round = 0; round < rounds * GateSamples.Kinds; round++)
        {
            var tokens = 1 + random.Next(step.Kind == BatchStepKind.None ? 5 : 20);
            var kind = round % GateSamples.Kinds;
            var logits = GateSamples.Make(random, tokens, shape.Experts, kind);
            var scale = shape.BiasSpace == BiasSpace.SoftmaxScore ? 1f / shape.Experts : 1;
            var bias = spread == 0 ? new float[shape.Experts] : GateSamples.Bias(random, shape.Experts, spread * scale);
            var prices = Enumerable.Range(0, shape.Experts).Select(_ => 0.5f + random.NextSingle()).ToArray();
            var epoch = new SelectionEpoch(1, "test", bias, shape.BiasSpace, guard, step, prices);
            var experts = new int[tokens * shape.TopK];
            var weights = new float[tokens * shape.TopK];

            var statistics = selector.Select(logits, tokens, epoch, experts, weights);
            reference.Select(logits, tokens, epoch);

            compared++;
            if (reference.Doubt)
            {
                doubtful++;
                continue;
            }

            for (var t = 0; t < tokens; t++)
            {
                var expected = reference.Sets[t].Concat(Enumerable.Repeat(Selector.Unused, shape.TopK - reference.Sets[t].Count)).ToArray();
                Assert.True(
                    expected.AsSpan().SequenceEqual(experts.AsSpan(t * shape.TopK, shape.TopK)),
                    $"round {round} kind {kind} token {t}: expected {string.Join(' ', expected)}, got {string.Join(' ', experts[(t * shape.TopK)..((t + 1) * shape.TopK)])}");
                var mass = reference.Sets[t].Sum(e => reference.Scores[t][e]);
                for (var slot = 0; slot < expected.Length; slot++)
                {
                    var weight = expected[slot] < 0 ? 0
                        : !shape.Renormalise ? reference.Scores[t][expected[slot]]
                        : mass > 0 ? reference.Scores[t][expected[slot]] / mass
                        : 1.0 / reference.Sets[t].Count;
                    Assert.Equal(weight, weights[(t * shape.TopK) + slot], 1e-6 * Math.Max(1, weight));
                }
            }

            Assert.Equal(reference.Retained.Min(), statistics.RetainedMassMin, 2e-6);
            Assert.Equal(reference.Retained.Average(), statistics.RetainedMassMean, 2e-6);
            Assert.Equal(reference.Sets.SelectMany(s => s).Distinct().Count(), statistics.DistinctExperts);
            Assert.Equal(reference.Sets.Sum(s => s.Count), statistics.Slots);
        }

        Assert.True(doubtful <= compared * 0.6, $"{doubtful} of {compared} cases were too close to call: the comparison would say little.");
    }
}
