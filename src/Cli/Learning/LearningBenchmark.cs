using System.Diagnostics;
using EnergyTTT.Routing.FastWeights;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Cli.Learning;

/// <summary>One size of update: a chunk of so many steps (rows of features) of a layer.</summary>
internal sealed record UpdateLine(int Experts, int Rows, double MedianMilliseconds, double BestMilliseconds, double? BarMilliseconds, bool? Held);

/// <summary>One square: torch's product and Newton-Schulz timed in alternation.</summary>
internal sealed record ProductLine(int Size, double ProductGflops, double NewtonSchulzGflops, double Ratio, double Bar, bool Held);

/// <summary>What was found.</summary>
/// <param name="AnswerError">Largest distance of a singular value from the interval it must land in; 0 when all are inside.</param>
internal sealed record LearningReport(double AnswerError, IReadOnlyList<UpdateLine> Updates, IReadOnlyList<ProductLine> NewtonSchulz);

/// <summary>Times learning. The answers are checked before anything is timed.</summary>
internal static class LearningBenchmark
{
    private const double UpdateBarMilliseconds = 1, ProductBar = 0.85;

    public static bool HasCuda() => cuda.is_available();

    public static LearningReport Run(bool onCuda, int threads)
    {
        set_num_threads(threads);
        var error = AnswerError(onCuda);
        if (error > 0)
            throw new InvalidOperationException($"Newton-Schulz is wrong on this machine: a singular value is {error} outside its interval; nothing was timed");

        // 32 rows: a chunk of 2,048 tokens in decode batches of 64. The others show what longer chunks cost.
        UpdateLine[] updates = [.. from experts in (int[])[64, 128, 256] from rows in experts == 128 ? (int[])[8, 32, 128, 512, 2_048] : [32] select Update(experts, rows, onCuda)];
        ProductLine[] products = [.. ((int[])[64, 128, 256, 512, 1_024]).Select(size => Product(size, onCuda))];
        return new(error, updates, products);
    }

    private static double AnswerError(bool onCuda)
    {
        using var scope = NewDisposeScope();
        var matrix = randn(64, 128, generator: new Generator(1)).to(onCuda ? CUDA : CPU); // Its singular values are far above .01 of the largest.
        var values = linalg.svdvals(NewtonSchulz.Orthogonalise(matrix, NewtonSchulzCoefficients.FiveTriples).to(ScalarType.Float64)).cpu().data<double>().ToArray();
        return values.Max(s => Math.Max(Math.Max(0.97 - s, s - 1.04), 0));
    }

    private static UpdateLine Update(int experts, int rows, bool onCuda)
    {
        using var network = new FastWeightNetwork(new(experts), new() { OnCuda = onCuda });
        float[] keys = Numbers(rows * 64, 1), values = Numbers(rows * experts, 2);
        var times = Rounds(
            () =>
            {
                if (!network.Update(keys, values).Applied)
                    throw new InvalidOperationException("an update was a no-op: there is nothing to time");
            },
            onCuda, 300);
        double? bar = experts == 128 && rows == 32 ? UpdateBarMilliseconds : null;
        return new(experts, rows, times.Median * 1e3, times.Best * 1e3, bar, bar is null ? null : times.Median * 1e3 <= bar);
    }

    private static ProductLine Product(int size, bool onCuda)
    {
        using var scope = NewDisposeScope();
        var matrix = randn(size, size, generator: new Generator(2)).to(onCuda ? CUDA : CPU);
        matrix = onCuda ? matrix.bfloat16() : matrix;

        // Fifteen products, as many as five steps of Newton-Schulz take; in alternation, so that both see the same neighbours.
        List<double> ratios = [], products = [], schulz = [];
        void Fifteen()
        {
            for (var i = 0; i < 15; i++)
                mm(matrix, matrix).Dispose();
        }

        void Schulz() => NewtonSchulz.Orthogonalise(matrix, NewtonSchulzCoefficients.FiveTriples).Dispose();
        var calls = Math.Max(1, (int)(1e8 / (30.0 * size * size * size)));
        for (var round = 0; round < 25; round++)
        {
            var product = Seconds(Fifteen, onCuda, calls);
            var own = Seconds(Schulz, onCuda, calls);
            if (round < 4)
                continue; // Warming up.
            ratios.Add(product / own);
            products.Add(product);
            schulz.Add(own);
        }

        var flop = 30.0 * size * size * size;
        var ratio = Median(ratios);
        return new(size, flop / Median(products) / 1e9, flop / Median(schulz) / 1e9, ratio, ProductBar, ratio >= ProductBar);
    }

    private static (double Median, double Best) Rounds(Action action, bool onCuda, int rounds)
    {
        for (var i = 0; i < 20; i++)
            action();
        double[] times = [.. Enumerable.Range(0, rounds).Select(_ => Seconds(action, onCuda, 1)).Order()];
        return (times[times.Length / 2], times[0]);
    }

    private static double Seconds(Action action, bool onCuda, int calls)
    {
        Wait(onCuda);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++)
            action();
        Wait(onCuda);
        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    private static void Wait(bool onCuda)
    {
        if (onCuda)
            cuda.synchronize();
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((2 * random.NextDouble()) - 1))];
    }
}
