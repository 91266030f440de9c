using System.Collections.Immutable;
using EnergyTTT.Client.Epochs;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Simulation.Costs;
using EnergyTTT.Simulation.Gates;
using EnergyTTT.Simulation.Gpus;
using EnergyTTT.Simulation.Requests;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Simulation.Engines;

/// <summary>
/// One replica on one GPU that decodes its requests side by side: real gates, the real selector, modelled joules. Streams are paced: every sequence gets the tokens per second
/// that its reader takes, so a faster step leaves the GPU idle for longer and never changes the batch.
/// </summary>
/// <remarks>One step in each interval is really selected and stands for all steps of the interval.</remarks>
public sealed class SimulatedEngine
{
    private readonly RecordedGates _gates;
    private readonly UsageSignatures _signatures;
    private readonly ModelCosts _costs;
    private readonly SelectorShape _shape;
    private readonly Selector[] _selectors;
    private readonly ChunkBuilder _chunk;
    private readonly int _slots;
    private readonly double _tokensPerSecond;
    private readonly List<DecodingRequest> _active = [];
    private readonly Queue<DecodingRequest> _waiting = new();
    private readonly float[] _logits;
    private readonly int[] _experts;
    private readonly float[] _weights;
    private EpochInForce _epoch;
    private ImmutableArray<SelectionEpoch> _layers;

    internal SimulatedEngine(string deployment, string id, SimulatedGpu gpu, EngineSelector selector, RecordedGates gates, UsageSignatures signatures, ModelCosts costs, int slots, double tokensPerSecond, long firstChunk, int seed)
    {
        (Deployment, Id, Gpu, Selector, _gates, _signatures, _costs, _slots, _tokensPerSecond) = (deployment, id, gpu, selector, gates, signatures, costs, slots, tokensPerSecond);
        _shape = new SelectorShape(gates.Experts, gates.TopK);
        _selectors = [.. Enumerable.Range(0, gates.Layers).Select(_ => new Selector(_shape))];
        _chunk = new ChunkBuilder(_shape, gates.Layers, firstChunk, seed);
        _logits = new float[slots * gates.Experts];
        _experts = new int[slots * gates.TopK];
        _weights = new float[slots * gates.TopK];
        _epoch = EpochInForce.Unsteered(_shape, gates.Layers);
        _layers = _epoch.Layers;
        Ledger = new BatchLedger(slots);
    }

    /// <summary>The deployment that it is a replica of.</summary>
    public string Deployment { get; }

    /// <summary>Its id within the deployment.</summary>
    public string Id { get; }

    /// <summary>Its GPU.</summary>
    public SimulatedGpu Gpu { get; }

    /// <summary>How much of an epoch it carries out.</summary>
    public EngineSelector Selector { get; }

    /// <summary>Requests that decode.</summary>
    public int Active => _active.Count;

    /// <summary>Requests that wait for a slot.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>What it has done.</summary>
    public BatchLedger Ledger { get; }

    /// <summary>The epoch in force; number 0 is none.</summary>
    public EpochInForce Epoch => _epoch;

    /// <summary>Mean usage signature of what it decodes; all zeros when it decodes nothing.</summary>
    public float[] Signature
    {
        get
        {
            var sum = new float[UsageSignatures.Length];
            foreach (var request in _active.Concat(_waiting))
            {
                var signature = _signatures.Of(request.Sequence);
                for (var i = 0; i < sum.Length; i++)
                {
                    sum[i] += signature[i];
                }
            }

            return UsageSignatures.Normalise(sum);
        }
    }

    /// <summary>Gives it a request.</summary>
    public void Join(DecodingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (_active.Count < _slots)
        {
            _active.Add(request);
        }
        else
        {
            _waiting.Enqueue(request);
        }
    }

    /// <summary>Switches to an epoch; number 0 goes back to plain top-k. A chunk never spans two epochs: what was gathered is answered.</summary>
    public ChunkFeedback? Steer(EpochInForce epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        if (ReferenceEquals(epoch, _epoch) || (epoch.Number == _epoch.Number && epoch.Arm == _epoch.Arm))
        {
            return null;
        }

        var closed = Close();
        _epoch = epoch;
        _layers = Selector == EngineSelector.Full ? epoch.Layers : [.. epoch.Layers.Select(BiasAlone)];

        return closed;
    }

    /// <summary>Ends the chunk; null when it holds no token.</summary>
    public ChunkFeedback? Close() => _chunk.Take(Id, _epoch, Waiting, Signature);

    /// <summary>Seconds that the running chunk covers.</summary>
    public double ChunkSeconds => _chunk.Seconds;

    /// <summary>Decodes for an interval and answers the frame of its GPU.</summary>
    public Frame Pass(double seconds, double airRiseCelsius, DateTimeOffset time)
    {
        _active.RemoveAll(request => request.IsDone);
        while (_active.Count < _slots && _waiting.TryDequeue(out var next))
        {
            _active.Add(next);
        }

        var batch = _active.Count;
        if (batch == 0)
        {
            return Gpu.Pass(seconds, 0, 0, 0, 0, airRiseCelsius, time);
        }

        var asked = Math.Max(1, (long)Math.Round(_tokensPerSecond * seconds));
        var (cost, distinct, mass, least) = Select(batch);
        var steps = Gpu.Possible(asked, cost.Seconds, cost.Joules, seconds);
        var tokens = (long)Math.Floor(batch * steps);
        foreach (var request in _active)
        {
            request.Decode(steps);
        }

        Ledger.Add(batch, new BatchSum { Steps = steps, Tokens = batch * steps, BlockJoules = cost.BlockJoules * steps, Joules = cost.Joules * steps, Distinct = distinct * steps, RetainedMass = mass * batch * steps }, least);
        var frame = Gpu.Pass(seconds, steps, cost.Seconds, cost.Joules, tokens, airRiseCelsius, time);
        // What the replica's GPU took, idle time included: what a real engine would read from its counter.
        _chunk.Pass(seconds, steps, tokens, frame.EnergyJoules ?? 0, steps * cost.Seconds);

        return frame;
    }

    private (StepCost Cost, double Distinct, double Mass, double Least) Select(int batch)
    {
        var cost = default(StepCost);
        double distinct = 0, mass = 0, least = 1;
        var logits = _logits.AsSpan(0, batch * _gates.Experts);
        for (var layer = 0; layer < _gates.Layers; layer++)
        {
            for (var row = 0; row < batch; row++)
            {
                _gates.Logits(layer, _active[row].Sequence, _active[row].Position).CopyTo(logits[(row * _gates.Experts)..]);
            }

            var statistics = _selectors[layer].Select(logits, batch, _layers[layer], _experts.AsSpan(0, batch * _gates.TopK), _weights.AsSpan(0, batch * _gates.TopK));
            _costs.Add(layer, statistics.Counts.Span, batch, ref cost);
            _chunk.Select(layer, logits, batch, statistics);
            distinct += statistics.DistinctExperts;
            mass += statistics.RetainedMassMean;
            least = Math.Min(least, statistics.RetainedMassMin);
        }

        return (cost, distinct / _gates.Layers, mass / _gates.Layers, least);
    }

    private static SelectionEpoch BiasAlone(SelectionEpoch layer) =>
        new(layer.Number, layer.Strategy, layer.Bias.AsSpan(), layer.BiasSpace, guardBound: 0, policyVersion: layer.PolicyVersion);
}
