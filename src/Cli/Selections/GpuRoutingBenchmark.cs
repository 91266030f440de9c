using EnergyTTT.Routing.Gpu;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Cli.Selections;

/// <summary>The selector's kernels on a CUDA device: first the same choices as on the CPU, then their time beside the MoE block that they steer.</summary>
internal static class GpuRoutingBenchmark
{
    private const double Bound = 0.95;
    private static readonly SelectorShape Shape = new(128, 8);
    private static readonly BatchStep[] Steps =
        [BatchStep.None, BatchStep.GreedyConsolidation((float)Bound), BatchStep.MarginalConsolidation((float)Bound), BatchStep.MarginalConsolidation((float)Bound, 0.3), BatchStep.OpportunisticActivation(4)];
    private static readonly bool[] Either = [false, true];
    private static readonly int[] Batches = [64, 16, 7, 200];

    public static IEnumerable<BenchCase> Run(double seconds)
    {
        using var gpu = new GpuSelector(Shape);
        using var bias = tensor(BenchBatch.Bias(Shape, 0.4f), device: CUDA);
        yield return Verify(gpu, bias);

        const int Tokens = 64;
        using var answer = new GpuAnswer(Tokens, Shape);
        using var logits = tensor(new BenchBatch(Shape, Tokens, SelectionEpoch.Baseline(Shape), 3).Logits, [Tokens, Shape.Experts], device: CUDA);
        using var block = new MoeBlock(Tokens, Shape.Experts, model: 2048, width: 768, CUDA);
        void Guarded() => gpu.Guarded(logits, bias, Bound, answer.Experts, answer.Weights, answer.Retained);
        void Consolidate() => gpu.Consolidate(logits, null, Bound, answer.Experts, answer.Weights, answer.Retained);

        var consolidate = Time(gpu, Consolidate, seconds);
        yield return Line("greedy consolidation, one kernel, 64 tokens, E=128 k=8", consolidate, 1e6, "us", "<= 20 us", consolidate.Median <= 20e-6);
        var marginal = Time(gpu, () => gpu.Marginal(logits, null, Bound, double.PositiveInfinity, answer.Experts, answer.Weights, answer.Retained), seconds);
        yield return Line("marginal consolidation, one kernel, the same", marginal, 1e6, "us");
        var activate = Time(gpu, () => gpu.Activate(logits, 5, answer.Experts, answer.Weights, answer.Retained), seconds);
        yield return Line("opportunistic activation, one kernel, the same", activate, 1e6, "us");
        var guarded = Time(gpu, Guarded, seconds);
        yield return Line("guarded top-k with bias, one kernel", guarded, 1e6, "us");
        var plain = Time(gpu, () =>
        {
            using var scope = NewDisposeScope();
            block.Plain(logits, Shape.TopK);
        }, seconds);
        yield return Line("plain top-k in torch operations", plain, 1e6, "us");

        Guarded();
        var bare = Time(gpu, () => block.Run(answer.Experts, answer.Weights), seconds);
        yield return Line("MoE block, d_model 2048, width 768, bf16, choice given", bare, 1e6, "us");
        var both = Time(gpu, () =>
        {
            Guarded();
            block.Run(answer.Experts, answer.Weights);
        }, seconds);
        yield return Line("guarded top-k and block", both, 1e6, "us");
        var usual = Time(gpu, () => block.RunPlain(logits, Shape.TopK), seconds);
        yield return Line("plain top-k in torch operations and block", usual, 1e6, "us");
        yield return new("guarded top-k adds to the block's time", 100 * ((both.Median / bare.Median) - 1), 100 * ((both.Best / bare.Best) - 1), "%", "<= 3 %", both.Median <= 1.03 * bare.Median);
        yield return new("guarded top-k against plain top-k in torch, both with the block", 100 * ((both.Median / usual.Median) - 1), 100 * ((both.Best / usual.Best) - 1), "%");
        Consolidate();
        var fewer = Time(gpu, () =>
        {
            Consolidate();
            block.Run(answer.Experts, answer.Weights);
        }, seconds);
        yield return Line("greedy consolidation and block (its unused slots read no expert)", fewer, 1e6, "us");
    }

    private static BenchCase Verify(GpuSelector gpu, Tensor bias)
    {
        var selector = new Selector(Shape);
        long tokens = 0, equal = 0;
        foreach (var batch in Batches)
        {
            for (var seed = 0; seed < 40; seed++)
            {
                var host = new BenchBatch(Shape, batch, SelectionEpoch.Baseline(Shape), 100 + seed);
                Roughen(host.Logits, seed);
                using var logits = tensor(host.Logits, [batch, Shape.Experts], device: CUDA);
                using var answer = new GpuAnswer(batch, Shape);
                foreach (var (isBiased, step) in from step in Steps from biased in Either where !biased || step.Kind != BatchStepKind.OpportunisticActivation select (biased, step))
                {
                    var bound = step.Kind == BatchStepKind.OpportunisticActivation ? 0 : (float)Bound;
                    var epoch = new SelectionEpoch(1, "bench", isBiased ? bias.cpu().data<float>().ToArray() : new float[Shape.Experts], guardBound: bound, batchStep: step);
                    selector.Select(host.Logits, batch, epoch, host.Experts, host.Weights);
                    switch (step.Kind)
                    {
                        case BatchStepKind.GreedyConsolidation:
                            gpu.Consolidate(logits, isBiased ? bias : null, bound, answer.Experts, answer.Weights, answer.Retained);
                            break;
                        case BatchStepKind.MarginalConsolidation:
                            gpu.Marginal(logits, isBiased ? bias : null, bound, step.MassPerExpert, answer.Experts, answer.Weights, answer.Retained);
                            break;
                        case BatchStepKind.OpportunisticActivation:
                            gpu.Activate(logits, step.OwnExperts, answer.Experts, answer.Weights, answer.Retained);
                            break;
                        default:
                            gpu.Guarded(logits, isBiased ? bias : null, bound, answer.Experts, answer.Weights, answer.Retained);
                            break;
                    }

                    var experts = answer.Experts.cpu().data<int>().ToArray();
                    var weights = answer.Weights.cpu().data<float>().ToArray();
                    var retained = answer.Retained.cpu().data<float>().ToArray();
                    for (var token = 0; token < batch; token++)
                    {
                        tokens++;
                        var slots = (token * Shape.TopK)..((token + 1) * Shape.TopK);
                        equal += experts.AsSpan(slots).SequenceEqual(host.Experts.AsSpan(slots)) && weights.AsSpan(slots).SequenceEqual(host.Weights.AsSpan(slots)) ? 1 : 0;
                        if (retained[token] < bound)
                        {
                            throw new InvalidOperationException($"Batch of {batch}, seed {seed}, token {token} keeps {retained[token]} on the GPU. Nothing was timed.");
                        }
                    }
                }
            }
        }

        if (equal < tokens)
        {
            Console.Error.WriteLine($"{tokens - equal} of {tokens} tokens differ from the CPU.");
        }

        return new("tokens whose experts and weights equal the CPU's bit for bit", 100.0 * equal / tokens, 100.0 * equal / tokens, "%", "100 %", equal == tokens);
    }

    // Ties, masks and infinities in some of the batches.
    private static void Roughen(float[] logits, int seed)
    {
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] = (seed % 8) switch
            {
                1 => MathF.Round(2 * logits[i]) / 2,
                2 => i % 11 == 0 ? float.NaN : logits[i],
                3 => i % 97 == 0 ? float.PositiveInfinity : i % 13 == 0 ? float.NegativeInfinity : logits[i],
                4 => 5 * logits[i],
                _ => logits[i],
            };
        }
    }

    private static (double Median, double Best) Time(GpuSelector gpu, Action action, double seconds)
    {
        for (var warm = 0; warm < 20; warm++)
        {
            action();
        }

        var once = gpu.SecondsOf(action, 20);
        var count = Math.Max(10, (int)(0.02 / once));
        var rounds = Math.Clamp((int)(seconds / (once * count)), 5, 101);
        double[] times = [.. Enumerable.Range(0, rounds).Select(_ => gpu.SecondsOf(action, count)).Order()];

        return (times[rounds / 2], times[0]);
    }

    private static BenchCase Line(string name, (double Median, double Best) time, double scale, string unit, string? bar = null, bool? held = null) =>
        new(name, time.Median * scale, time.Best * scale, unit, bar, held);
}
