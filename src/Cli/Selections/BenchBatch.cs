using EnergyTTT.Selection.Biases;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Cli.Selections;

/// <summary>A seeded batch of Gaussian gate logits with its selector and room for the answer.</summary>
internal sealed class BenchBatch
{
    private readonly Selector _selector;
    private readonly SelectionEpoch _epoch;

    public BenchBatch(SelectorShape shape, int tokens, SelectionEpoch epoch, int seed)
    {
        Shape = shape;
        Tokens = tokens;
        _epoch = epoch;
        _selector = new Selector(shape);
        Logits = Gaussian(tokens * shape.Experts, seed);
        Experts = new int[tokens * shape.TopK];
        Weights = new float[Experts.Length];
    }

    public SelectorShape Shape { get; }

    public int Tokens { get; }

    public float[] Logits { get; }

    public int[] Experts { get; }

    public float[] Weights { get; }

    /// <summary>Runs the selector once.</summary>
    public void Select() => Statistics = _selector.Select(Logits, Tokens, _epoch, Experts, Weights);

    /// <summary>What the last run did.</summary>
    public SelectionStatistics Statistics { get; private set; }

    /// <summary>Fails unless the answer is plain top-k, found again by sorting.</summary>
    public void VerifyPlain()
    {
        Select();
        for (var token = 0; token < Tokens; token++)
        {
            var row = Logits.AsSpan(token * Shape.Experts, Shape.Experts).ToArray();
            double Score(int e) => Shape.Gate == GateKind.Softmax ? row[e] : 1 / (1 + Math.Exp(-row[e]));
            var groups = Enumerable.Range(0, Shape.Groups)
                .OrderByDescending(g => Enumerable.Range(g * Shape.GroupSize, Shape.GroupSize).Select(Score).OrderDescending().Take(2).Sum())
                .Take(Shape.TopGroups).ToHashSet();
            var expected = Enumerable.Range(0, Shape.Experts).Where(e => groups.Contains(e / Shape.GroupSize)).OrderByDescending(Score).Take(Shape.TopK).ToArray();
            if (!expected.AsSpan().SequenceEqual(Experts.AsSpan(token * Shape.TopK, Shape.TopK)))
            {
                throw new InvalidOperationException($"Token {token}: the selector says {string.Join(' ', Experts[(token * Shape.TopK)..((token + 1) * Shape.TopK)])}, sorting says {string.Join(' ', expected)}. Nothing was timed.");
            }
        }
    }

    /// <summary>Fails unless every token keeps its share, recomputed from the logits of a softmax gate.</summary>
    public void VerifyGuard(double bound)
    {
        Select();
        for (var token = 0; token < Tokens; token++)
        {
            var scores = Logits.AsSpan(token * Shape.Experts, Shape.Experts).ToArray().Select(z => Math.Exp(z)).ToArray();
            var kept = Experts.AsSpan(token * Shape.TopK, Shape.TopK).ToArray().Where(e => e >= 0).Sum(e => scores[e]);
            if (kept < bound * scores.OrderDescending().Take(Shape.TopK).Sum())
            {
                throw new InvalidOperationException($"Token {token} keeps less than {bound} of its gate mass. Nothing was timed.");
            }
        }
    }

    /// <summary>A seeded bias of a spread, in the space of the shape.</summary>
    public static float[] Bias(SelectorShape shape, float spread)
    {
        var bias = Gaussian(shape.Experts, 11);
        BiasProjection.Project(bias, spread);
        return bias;
    }

    private static float[] Gaussian(int count, int seed)
    {
        var random = new Random(seed);
        var numbers = new float[count];
        for (var i = 0; i < count; i++)
        {
            numbers[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return numbers;
    }
}
