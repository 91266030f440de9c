using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Client.Feedback;

/// <summary>What one layer did in the running chunk. Filled by the engine's thread without allocating; read by the poster once the chunk is closed.</summary>
internal sealed class LayerChunk(SelectorShape shape, int sampledRows, int seed)
{
    /// <summary>Rows of logits that a chunk carries at most.</summary>
    public const int SampleRows = 16;

    /// <summary>Bins of retained mass between 0 and 1.</summary>
    public const int MassBins = 512;

    /// <summary>Bins of the margin: bin i holds gaps of 2^(i-16) to 2^(i-15), bin 0 all below.</summary>
    public const int MarginBins = 16;

    private readonly Random _random = new(seed);
    private readonly float[] _probabilities = new float[shape.Experts];
    private readonly float[] _greatest = new float[shape.TopK + 1];

    public long[] Counts { get; } = new long[shape.Experts];

    public double[] Probability { get; } = new double[shape.Experts];

    public long[] Margins { get; } = new long[MarginBins];

    public long[] Masses { get; } = new long[MassBins];

    public float[] Rows { get; } = new float[SampleRows * shape.Experts];

    public int RowsKept { get; private set; }

    public long Tokens { get; private set; }

    public long Steps { get; private set; }

    public long Sampled { get; private set; }

    public long GuardTrips { get; private set; }

    public double RetainedMass { get; private set; }

    public double Divergence { get; private set; }

    public double Distinct { get; private set; }

    public double LeastMass { get; private set; } = 1;

    /// <summary>Takes one call of the selector.</summary>
    public void Add(ReadOnlySpan<float> logits, int tokens, ReadOnlySpan<int> experts, in SelectionStatistics statistics)
    {
        if (tokens == 0)
        {
            return;
        }

        Keep(logits, tokens);
        var counts = statistics.Counts.Span;
        for (var expert = 0; expert < counts.Length; expert++)
        {
            Counts[expert] += counts[expert];
        }

        Tokens += tokens;
        Steps++;
        Distinct += statistics.DistinctExperts;
        GuardTrips += statistics.GuardTrips;
        RetainedMass += statistics.RetainedMassMean * tokens;
        Divergence += (statistics.DivergenceMean ?? 0) * tokens;
        LeastMass = Math.Min(LeastMass, statistics.RetainedMassMin);
        var looked = Math.Min(tokens, sampledRows);
        // Evenly over the batch, from another first row each step: no position of a batch is left out for good.
        var stride = tokens / looked;
        var first = (int)(Steps % stride);
        for (var i = 0; i < looked; i++)
        {
            var row = first + (i * stride);
            Look(logits.Slice(row * shape.Experts, shape.Experts), experts.Slice(row * shape.TopK, shape.TopK));
        }
    }

    /// <summary>Empties it for the next chunk.</summary>
    public void Clear()
    {
        Array.Clear(Counts);
        Array.Clear(Probability);
        Array.Clear(Margins);
        Array.Clear(Masses);
        RowsKept = 0;
        (Tokens, Steps, Sampled, GuardTrips) = (0, 0, 0, 0);
        (RetainedMass, Divergence, Distinct, LeastMass) = (0, 0, 0, 1);
    }

    private void Keep(ReadOnlySpan<float> logits, int tokens)
    {
        // A reservoir: every row of the chunk has the same chance to travel.
        for (var row = 0; row < tokens; row++)
        {
            var seen = Tokens + row + 1;
            var slot = seen <= SampleRows ? (int)seen - 1 : (int)Math.Min(_random.NextInt64(seen), SampleRows);
            if (slot < SampleRows)
            {
                logits.Slice(row * shape.Experts, shape.Experts).CopyTo(Rows.AsSpan(slot * shape.Experts));
                RowsKept = Math.Max(RowsKept, slot + 1);
            }
        }
    }

    private void Look(ReadOnlySpan<float> logits, ReadOnlySpan<int> chosen)
    {
        var sum = Score(logits);
        if (!(sum > 0))
        {
            return;
        }

        var k = shape.TopK;
        Array.Clear(_greatest);
        for (var expert = 0; expert < _probabilities.Length; expert++)
        {
            var score = _probabilities[expert];
            Probability[expert] += shape.Gate == GateKind.Softmax ? score / sum : score;
            if (score <= _greatest[k])
            {
                continue;
            }

            var at = k;
            while (at > 0 && _greatest[at - 1] < score)
            {
                _greatest[at] = _greatest[at - 1];
                at--;
            }

            _greatest[at] = score;
        }

        Sampled++;
        double plain = 0, used = 0;
        for (var slot = 0; slot < k; slot++)
        {
            plain += _greatest[slot];
            used += chosen[slot] < 0 ? 0 : _probabilities[chosen[slot]];
        }

        var scale = shape.Gate == GateKind.Softmax ? sum : 1;
        Margins[MarginBin((_greatest[k - 1] - _greatest[k]) / scale)]++;
        Masses[Math.Clamp((int)(used / plain * MassBins), 0, MassBins - 1)]++;
    }

    private double Score(ReadOnlySpan<float> logits)
    {
        var greatest = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            greatest = logit > greatest ? logit : greatest;
        }

        double sum = 0;
        for (var expert = 0; expert < logits.Length; expert++)
        {
            var z = logits[expert];
            var score = float.IsNaN(z) ? 0 : shape.Gate switch
            {
                GateKind.Softmax => MathF.Exp(z - greatest),
                GateKind.Sigmoid => 1 / (1 + MathF.Exp(-z)),
                _ => MathF.Sqrt(z > 20 ? z : MathF.Log(1 + MathF.Exp(z))),
            };
            _probabilities[expert] = float.IsFinite(score) ? score : 0;
            sum += _probabilities[expert];
        }

        return sum;
    }

    private static int MarginBin(double margin) => margin > 0 ? Math.Clamp(Math.ILogB(margin) + MarginBins, 0, MarginBins - 1) : 0;
}
