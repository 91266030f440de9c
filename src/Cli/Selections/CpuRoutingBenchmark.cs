using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Cli.Selections;

/// <summary>The selector on the CPU against the same work in eager TorchSharp, in one run. Every answer is checked before it is timed.</summary>
internal static class CpuRoutingBenchmark
{
    public static IEnumerable<BenchCase> Run(double seconds)
    {
        foreach (var line in OneToken(new SelectorShape(64, 6), "one token, E=64 k=6", 1e-6, 30, seconds))
        {
            yield return line;
        }

        var grouped = new SelectorShape(256, 8, GateKind.Sigmoid, groups: 8, topGroups: 4, biasSpace: BiasSpace.SigmoidScore);
        foreach (var line in OneToken(grouped, "one token, E=256 k=8, 8 groups", null, null, seconds))
        {
            yield return line;
        }

        foreach (var line in ManyTokens(grouped, seconds))
        {
            yield return line;
        }

        foreach (var line in Together(seconds))
        {
            yield return line;
        }
    }

    private static IEnumerable<BenchCase> OneToken(SelectorShape shape, string name, double? bar, double? ratioBar, double seconds)
    {
        var run = new BenchBatch(shape, 1, SelectionEpoch.Baseline(shape), seed: 1);
        run.VerifyPlain();
        var (median, best) = BenchClock.Time(run.Select, seconds);
        yield return new($"C#: {name}", median * 1e6, best * 1e6, "us", bar is null ? null : $"<= {bar * 1e6:0.#} us", bar is null ? null : median <= bar);
        var biased = new BenchBatch(shape, 1, new SelectionEpoch(1, "bench", BenchBatch.Bias(shape, 0.4f), shape.BiasSpace), seed: 1);
        var (biasedMedian, biasedBest) = BenchClock.Time(biased.Select, seconds);
        yield return new($"C#: {name}, bias and guard", biasedMedian * 1e6, biasedBest * 1e6, "us");
        using var eager = new EagerRouting(shape, run.Logits, 1);
        eager.Verify(run);
        var (torchMedian, torchBest) = BenchClock.Time(eager.Route, seconds);
        yield return new($"TorchSharp eager: {name}", torchMedian * 1e6, torchBest * 1e6, "us");
        yield return new($"ratio: {name}", torchMedian / median, torchBest / best, "x", ratioBar is null ? null : $">= {ratioBar} x", ratioBar is null ? null : torchMedian / median >= ratioBar);
    }

    private static IEnumerable<BenchCase> ManyTokens(SelectorShape shape, double seconds)
    {
        const int Tokens = 4096;
        var run = new BenchBatch(shape, Tokens, SelectionEpoch.Baseline(shape), seed: 2);
        run.VerifyPlain();
        var (median, best) = BenchClock.Time(run.Select, seconds);
        yield return new("C#: 4,096 tokens, E=256 k=8, 8 groups, one core", Tokens / median / 1e6, Tokens / best / 1e6, "M tokens/s", ">= 0.5 M tokens/s", Tokens / median >= 0.5e6);
        var biased = new BenchBatch(shape, Tokens, new SelectionEpoch(1, "bench", BenchBatch.Bias(shape, 0.05f), shape.BiasSpace), seed: 2);
        var (biasedMedian, biasedBest) = BenchClock.Time(biased.Select, seconds);
        yield return new("C#: the same with bias and guard", Tokens / biasedMedian / 1e6, Tokens / biasedBest / 1e6, "M tokens/s");
        using var eager = new EagerRouting(shape, run.Logits, Tokens);
        eager.Verify(run);
        var (torchMedian, torchBest) = BenchClock.Time(eager.Route, seconds);
        yield return new($"TorchSharp eager: 4,096 tokens, {TorchSharp.torch.get_num_threads()} threads", Tokens / torchMedian / 1e6, Tokens / torchBest / 1e6, "M tokens/s");
    }

    private static IEnumerable<BenchCase> Together(double seconds)
    {
        var shape = new SelectorShape(128, 8);
        foreach (var (name, step, bar) in new (string, BatchStep, double?)[]
        {
            ("greedy consolidation, 64 tokens, E=128 k=8", BatchStep.GreedyConsolidation(0.95f), 200e-6),
            ("marginal consolidation, 64 tokens, E=128 k=8", BatchStep.MarginalConsolidation(0.95f), null),
            ("opportunistic activation k0=4, 64 tokens, E=128 k=8", BatchStep.OpportunisticActivation(4), null),
        })
        {
            var run = new BenchBatch(shape, 64, new SelectionEpoch(1, "bench", new float[128], guardBound: 0.95f, batchStep: step), seed: 3);
            run.VerifyGuard(0.95);
            var (median, best) = BenchClock.Time(run.Select, seconds);
            yield return new($"C#: {name}", median * 1e6, best * 1e6, "us", bar is null ? null : $"<= {bar * 1e6:0} us", bar is null ? null : median <= bar);
        }
    }
}
