using System.Buffers.Binary;
using EnergyTTT.Client.Epochs;
using EnergyTTT.Routing.Feedback;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Simulation.Engines;

/// <summary>
/// Gathers the feedback of a simulated replica. A step that is really selected stands for all steps of its second, so counts are multiplied by the steps that were done.
/// </summary>
internal sealed class ChunkBuilder
{
    private const int SampleRows = 16, LookedRows = 4;
    private readonly SelectorShape _shape;
    private readonly LayerSums[] _layers;
    private readonly Random _random;
    private readonly float[] _probabilities;
    private long _next;

    public ChunkBuilder(SelectorShape shape, int layers, long firstChunk, int seed)
    {
        _shape = shape;
        _next = firstChunk;
        _random = new Random(seed);
        _probabilities = new float[shape.Experts];
        _layers = [.. Enumerable.Range(0, layers).Select(_ => new LayerSums(shape.Experts))];
    }

    public double Joules { get; private set; }

    public long Tokens { get; private set; }

    public double Seconds { get; private set; }

    public double Steps { get; private set; }

    public double BusySeconds { get; private set; }

    public void Select(int layer, ReadOnlySpan<float> logits, int tokens, in SelectionStatistics statistics)
    {
        var sums = _layers[layer];
        statistics.Counts.Span.CopyTo(sums.Step);
        sums.Steps++;
        sums.Tokens += tokens;
        sums.Distinct += statistics.DistinctExperts;
        sums.Mass += statistics.RetainedMassMean * tokens;
        sums.LeastPercentile = Math.Min(sums.LeastPercentile, statistics.RetainedMassP01);
        sums.Divergence += (statistics.DivergenceMean ?? 0) * tokens;
        sums.Trips += statistics.GuardTrips;
        for (var look = 0; look < Math.Min(LookedRows, tokens); look++)
        {
            Look(sums, logits.Slice(_random.Next(tokens) * _shape.Experts, _shape.Experts));
        }
    }

    public void Pass(double seconds, double steps, long tokens, double joules, double busySeconds)
    {
        // Whole steps, so that counts never exceed the tokens of a replica that is slowed in the middle of one.
        var whole = (long)steps;
        foreach (var sums in _layers)
        {
            for (var expert = 0; expert < sums.Step.Length; expert++)
            {
                sums.Counts[expert] += sums.Step[expert] * whole;
            }
        }

        Seconds += seconds;
        Steps += steps;
        Tokens += tokens;
        Joules += joules;
        BusySeconds += busySeconds;
    }

    public ChunkFeedback? Take(string replica, EpochInForce epoch, int queue, IReadOnlyList<float> signature)
    {
        var feedback = Tokens == 0 ? null : new ChunkFeedback
        {
            Replica = replica,
            Chunk = _next++,
            Epoch = epoch.Number,
            Arm = epoch.Arm,
            Tokens = Tokens,
            Phase = InferencePhase.Decode,
            BatchTokens = Tokens / Steps,
            LatencyMs = BusySeconds / Steps * 1000,
            EnergyJoules = Joules,
            Queue = queue,
            Signature = signature,
            BiasSpace = Wire.Deployments.BiasSpace.Logit,
            Layers = [.. _layers.Select((sums, layer) => sums.ToFeedback(layer))],
        };
        foreach (var sums in _layers)
        {
            sums.Clear();
        }

        (Joules, Tokens, Seconds, Steps, BusySeconds) = (0, 0, 0, 0, 0);

        return feedback;
    }

    private void Look(LayerSums sums, ReadOnlySpan<float> logits)
    {
        var greatest = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            greatest = Math.Max(greatest, logit);
        }

        float sum = 0;
        for (var expert = 0; expert < logits.Length; expert++)
        {
            sum += _probabilities[expert] = MathF.Exp(logits[expert] - greatest);
        }

        for (var expert = 0; expert < logits.Length; expert++)
        {
            _probabilities[expert] /= sum;
            sums.Probability[expert] += _probabilities[expert];
        }

        MarginHistogram.Add(_probabilities, _shape.TopK, sums.Margins);
        sums.Looked++;
        var slot = sums.Rows < SampleRows ? sums.Rows++ : _random.Next((int)sums.Looked);
        for (var expert = 0; slot < SampleRows && expert < logits.Length; expert++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(sums.Sample.AsSpan(((slot * logits.Length) + expert) * 2), (Half)logits[expert]);
        }
    }

    private sealed class LayerSums(int experts)
    {
        /// <summary>Counts of the step that stands for its second.</summary>
        public int[] Step { get; } = new int[experts];

        public long[] Counts { get; } = new long[experts];

        public double[] Probability { get; } = new double[experts];

        public long[] Margins { get; } = new long[MarginHistogram.Bins];

        public byte[] Sample { get; } = new byte[SampleRows * experts * 2];

        public int Rows { get; set; }

        public long Looked { get; set; }

        public double Steps { get; set; }

        public double Tokens { get; set; }

        public double Distinct { get; set; }

        public double Mass { get; set; }

        public double LeastPercentile { get; set; } = 1;

        public double Divergence { get; set; }

        public long Trips { get; set; }

        public LayerFeedback ToFeedback(int layer) => new()
        {
            Layer = layer,
            ExpertCounts = [.. Counts],
            MeanGateProbability = [.. Probability.Select(sum => (float)(sum / Math.Max(1, Looked)))],
            MarginHistogram = [.. Margins],
            RetainedMassMean = Math.Min(1, Mass / Tokens),
            RetainedMassP01 = Math.Min(Mass / Tokens, LeastPercentile),
            KlMean = Divergence / Tokens,
            DistinctExpertsMean = Distinct / Steps,
            GuardTrips = Trips,
            GateSample = Convert.ToBase64String(Sample, 0, Rows * Counts.Length * 2),
        };

        public void Clear()
        {
            Array.Clear(Counts);
            Array.Clear(Probability);
            Array.Clear(Margins);
            (Rows, Looked, Steps, Tokens, Distinct, Mass, LeastPercentile, Divergence, Trips) = (0, 0, 0, 0, 0, 0, 1, 0, 0);
        }
    }
}
