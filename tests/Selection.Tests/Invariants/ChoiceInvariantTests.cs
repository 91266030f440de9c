using CsCheck;
using EnergyTTT.Selection.Biases;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Selection.Tests.Oracles;

namespace EnergyTTT.Selection.Tests.Invariants;

public class ChoiceInvariantTests
{
    private static readonly Gen<(int Seed, int Experts, int K, int Tokens, int Kind)> Cases =
        from seed in Gen.Int
        from experts in Gen.Int[1, 80]
        from k in Gen.Int[1, Math.Min(experts, 9)]
        from tokens in Gen.Int[0, 12]
        from kind in Gen.Int[0, GateSamples.Kinds - 1]
        select (seed, experts, k, tokens, kind);

    [Fact]
    public void Without_a_bias_indices_and_weights_are_those_of_plain_top_k_bit_for_bit() => Cases.Sample(c =>
    {
        var (shape, logits) = Case(c);
        var plain = Run(shape, logits, c.Tokens, SelectionEpoch.Baseline(shape));
        var guarded = Run(shape, logits, c.Tokens, new SelectionEpoch(7, "EnergyAwareTTT", new float[c.Experts], guardBound: 1));

        Assert.Equal(plain.Experts, guarded.Experts);
        Assert.True(Bits(plain.Weights).SequenceEqual(Bits(guarded.Weights)));
        for (var t = 0; t < c.Tokens; t++)
        {
            var row = logits.AsSpan(t * c.Experts, c.Experts).ToArray();
            var expected = Enumerable.Range(0, c.Experts).OrderByDescending(e => row[e] > float.MinValue ? row[e] : float.MinValue).ThenBy(e => e).Take(c.K);
            Assert.Equal(expected, plain.Experts[(t * c.K)..((t + 1) * c.K)]);
        }
    });

    [Fact]
    public void Adding_a_constant_to_the_bias_changes_nothing() => Cases.Sample(c =>
    {
        // On a grid of 1/256 every sum is exact, so rounding cannot make a tie where there was none.
        var (shape, logits) = Case(c);
        var random = new Random(c.Seed);
        logits = logits.Select(z => float.IsFinite(z) && Math.Abs(z) < 100 ? MathF.Round(z * 256) / 256 : float.NaN).ToArray();
        var bias = Enumerable.Range(0, c.Experts).Select(_ => random.Next(-512, 512) / 256f).ToArray();
        var shifted = bias.Select(b => b + 1.25f).ToArray();

        var one = Run(shape, logits, c.Tokens, new SelectionEpoch(1, "test", bias));
        var other = Run(shape, logits, c.Tokens, new SelectionEpoch(1, "test", shifted));

        Assert.Equal(one.Experts, other.Experts);
        Assert.True(Bits(one.Weights).SequenceEqual(Bits(other.Weights)));
        Assert.Equal(one.Statistics.DivergenceMean!.Value, other.Statistics.DivergenceMean!.Value, 1e-5);
    });

    [Fact]
    public void Weights_are_not_negative_sum_to_one_and_depend_only_on_the_chosen_set() => Cases.Sample(c =>
    {
        var (shape, logits) = Case(c);
        var random = new Random(c.Seed);
        var biased = Run(shape, logits, c.Tokens, new SelectionEpoch(1, "test", GateSamples.Bias(random, c.Experts, 2), guardBound: 0.5f));
        var plain = Run(shape, logits, c.Tokens, SelectionEpoch.Baseline(shape));
        for (var t = 0; t < c.Tokens; t++)
        {
            var slots = (t * c.K)..((t + 1) * c.K);
            Assert.All(biased.Weights[slots], weight => Assert.True(weight >= 0));
            Assert.Equal(1, biased.Weights[slots].Sum(w => (double)w), 1e-6);
            if (biased.Experts[slots].SequenceEqual(plain.Experts[slots]))
            {
                Assert.True(Bits(biased.Weights[slots]).SequenceEqual(Bits(plain.Weights[slots])));
            }
        }
    });

    [Fact]
    public void Indices_are_distinct_and_in_range() => Cases.Sample(c =>
    {
        var (shape, logits) = Case(c);
        var result = Run(shape, logits, c.Tokens, new SelectionEpoch(1, "test", GateSamples.Bias(new Random(c.Seed), c.Experts, 3)));
        for (var t = 0; t < c.Tokens; t++)
        {
            var chosen = result.Experts[(t * c.K)..((t + 1) * c.K)];
            Assert.Equal(c.K, chosen.Distinct().Count());
            Assert.All(chosen, expert => Assert.InRange(expert, 0, c.Experts - 1));
        }
    });

    [Fact]
    public void A_batch_of_sequences_and_its_flat_tokens_give_the_same() => Cases.Sample(c =>
    {
        var (shape, _) = Case(c);
        var logits = GateSamples.Make(new Random(c.Seed), 3 * c.Tokens, c.Experts, c.Kind);
        var epoch = new SelectionEpoch(1, "test", GateSamples.Bias(new Random(c.Seed), c.Experts, 1), batchStep: BatchStep.GreedyConsolidation(0.9f));
        var flat = Run(shape, logits, 3 * c.Tokens, epoch);
        var experts = new int[3 * c.Tokens * c.K];
        var weights = new float[experts.Length];

        var statistics = new Selector(shape).Select(logits, 3, c.Tokens, epoch, experts, weights);

        Assert.Equal(flat.Experts, experts);
        Assert.True(Bits(flat.Weights).SequenceEqual(Bits(weights)));
        Assert.Equal(flat.Statistics.RetainedMassMean, statistics.RetainedMassMean);
    });

    [Fact]
    public void Renaming_the_experts_renames_the_choice() => Cases.Sample(c =>
    {
        var (shape, _) = Case(c);
        var random = new Random(c.Seed);
        var logits = GateSamples.Make(random, c.Tokens, c.Experts, c.Kind % 4);
        var bias = GateSamples.Bias(random, c.Experts, 1);
        var names = Enumerable.Range(0, c.Experts).ToArray();
        random.Shuffle(names);
        var renamed = new float[logits.Length];
        var renamedBias = new float[c.Experts];
        for (var e = 0; e < c.Experts; e++)
        {
            renamedBias[names[e]] = bias[e];
            for (var t = 0; t < c.Tokens; t++)
            {
                renamed[(t * c.Experts) + names[e]] = logits[(t * c.Experts) + e];
            }
        }

        var one = Run(shape, logits, c.Tokens, new SelectionEpoch(1, "test", bias));
        var other = Run(shape, renamed, c.Tokens, new SelectionEpoch(1, "test", renamedBias));

        Assert.Equal(one.Experts.Select(e => names[e]), other.Experts);
    });

    [Fact]
    public void A_higher_lambda_never_raises_the_price_of_the_chosen_set_nor_the_expected_price() => Cases.Sample(c =>
    {
        var (shape, _) = Case(c);
        var random = new Random(c.Seed);
        var logits = GateSamples.Make(random, c.Tokens, c.Experts, c.Kind % 5);
        var prices = Enumerable.Range(0, c.Experts).Select(_ => random.NextDouble()).ToArray();
        var lastChosen = double.PositiveInfinity;
        var lastExpected = double.PositiveInfinity;
        foreach (var lambda in new[] { 0, 0.1, 0.4, 1, 3 })
        {
            var bias = prices.Select(price => (float)(-lambda * price)).ToArray();
            var run = Run(shape, logits, c.Tokens, new SelectionEpoch(1, "StaticOptimal", bias, guardBound: 0));
            var chosen = run.Experts.Sum(e => prices[e]);
            var expected = Enumerable.Range(0, c.Tokens).Sum(t => Expected(logits.AsSpan(t * c.Experts, c.Experts), bias, prices));
            Assert.True(chosen <= lastChosen + 1e-5, $"lambda {lambda}: {chosen} > {lastChosen}");
            Assert.True(expected <= lastExpected + 1e-5);
            (lastChosen, lastExpected) = (chosen, expected);
        }
    });

    [Fact]
    public void A_bias_of_spread_R_stays_within_its_bounds() => Cases.Sample(c =>
    {
        var (shape, _) = Case(c);
        var random = new Random(c.Seed);
        var logits = GateSamples.Make(random, Math.Max(1, c.Tokens), c.Experts, c.Kind % 5);
        var spread = 2 * random.NextSingle();
        var bias = GateSamples.Bias(random, c.Experts, spread);
        var one = Run(shape, logits, Math.Max(1, c.Tokens), new SelectionEpoch(1, "test", bias, guardBound: 0));

        Assert.True(one.Statistics.RetainedMassMin >= BiasBounds.RetainedMass(spread) - 1e-6);
        Assert.True(one.Statistics.DivergenceMean <= BiasBounds.Divergence(spread) + 1e-6);
        double divergence = 0;
        for (var t = 0; t < Math.Max(1, c.Tokens); t++)
        {
            var row = logits.AsSpan(t * c.Experts, c.Experts);
            var p = Softmax(row, new float[c.Experts]);
            var q = Softmax(row, bias);
            double forward = 0, backward = 0, distance = 0;
            for (var e = 0; e < p.Length; e++)
            {
                forward += q[e] > 0 && p[e] > 0 ? q[e] * Math.Log(q[e] / p[e]) : 0;
                backward += p[e] > 0 && q[e] > 0 ? p[e] * Math.Log(p[e] / q[e]) : 0;
                distance += Math.Abs(p[e] - q[e]) / 2;
            }

            Assert.True(forward <= BiasBounds.Divergence(spread) + 1e-9);
            Assert.True(backward <= BiasBounds.Divergence(spread) + 1e-9);
            Assert.True(distance <= BiasBounds.TotalVariation(spread) + 1e-9);
            divergence += forward / Math.Max(1, c.Tokens);
        }

        Assert.Equal(divergence, one.Statistics.DivergenceMean!.Value, 2e-6);
    });

    [Fact]
    public void A_batch_aware_step_reads_no_more_experts_uses_no_more_slots_and_keeps_the_bound() => Cases.Sample(c =>
    {
        var (shape, logits) = Case(c);
        var plain = Run(shape, logits, c.Tokens, SelectionEpoch.Baseline(shape)).Statistics;
        foreach (var step in new[]
        {
            BatchStep.OpportunisticActivation(1 + (c.K / 2)), BatchStep.GreedyConsolidation(0.9f), BatchStep.MarginalConsolidation(0.9f, 0.1), BatchStep.MarginalConsolidation(0.9f),
        })
        {
            var together = Run(shape, logits, c.Tokens, new SelectionEpoch(1, "test", new float[c.Experts], guardBound: 0.9f, batchStep: step)).Statistics;
            Assert.True(together.DistinctExperts <= plain.DistinctExperts);
            Assert.True(together.Slots <= plain.Slots);
            Assert.True(together.RetainedMassMin >= 0.9);
        }
    });

    private static (SelectorShape Shape, float[] Logits) Case((int Seed, int Experts, int K, int Tokens, int Kind) c) =>
        (new SelectorShape(c.Experts, c.K), GateSamples.Make(new Random(c.Seed), c.Tokens, c.Experts, c.Kind));

    private static (int[] Experts, float[] Weights, SelectionStatistics Statistics) Run(SelectorShape shape, float[] logits, int tokens, SelectionEpoch epoch)
    {
        var experts = new int[tokens * shape.TopK];
        var weights = new float[experts.Length];
        return (experts, weights, new Selector(shape).Select(logits, tokens, epoch, experts, weights));
    }

    private static double Expected(ReadOnlySpan<float> logits, float[] bias, double[] prices) => Softmax(logits, bias).Zip(prices, (q, price) => q * price).Sum();

    private static double[] Softmax(ReadOnlySpan<float> logits, float[] bias)
    {
        var row = logits.ToArray().Select((z, e) => (double)z + bias[e]).ToArray();
        var weights = row.Select(z => Math.Exp(z - row.Max())).ToArray();
        return weights.Select(w => w / weights.Sum()).ToArray();
    }

    private static IEnumerable<int> Bits(IEnumerable<float> values) => values.Select(BitConverter.SingleToInt32Bits);
}
