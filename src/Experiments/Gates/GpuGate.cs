using EnergyTTT.Routing.Gpu;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Gates;

/// <summary>
/// The kernels of the product at the gates of a GPU: two launches a layer, one that chooses and one that sorts rows and counts. Nothing waits for the host, so a step can be recorded; a new epoch writes
/// bias and prices into the memory that the recording reads.
/// </summary>
internal sealed class GpuGate : IBatchGate
{
    private const int SampleRows = 256;
    private readonly GpuSelector _selector;
    private readonly SelectorShape _shape;
    private readonly int _layers, _tokens;
    private readonly SelectionEpoch[] _epochs;
    private readonly Tensor _experts, _weights, _retained, _ends, _source, _back, _counts, _totals;
    private readonly Tensor[] _layerCounts, _layerTotals, _biases, _perPrices;
    private readonly Tensor? _sample;
    private readonly Tensor[]? _samples;
    private long[] _seenCounts = [];
    private float[] _seenLogits = [];
    private long _seenSteps;

    /// <summary>Makes room for steps of so many tokens.</summary>
    /// <param name="hasBias">Whether epochs bring biases: without, kernels leave that part out.</param>
    public GpuGate(GpuSelector selector, SelectorShape shape, int layers, int tokens, bool hasBias)
    {
        (_selector, _shape, _layers, _tokens) = (selector, shape, layers, tokens);
        _epochs = [.. Enumerable.Repeat(SelectionEpoch.Baseline(shape), layers)];
        using var scope = NewDisposeScope();
        Tensor Make(ScalarType type, params long[] size) => zeros(size, type, CUDA).DetachFromDisposeScope();
        var slots = (long)tokens * shape.TopK;
        (_experts, _weights, _retained) = (Make(ScalarType.Int32, tokens, shape.TopK), Make(ScalarType.Float32, tokens, shape.TopK), Make(ScalarType.Float32, tokens));
        (_ends, _source, _back) = (Make(ScalarType.Int32, shape.Experts), Make(ScalarType.Int64, slots), Make(ScalarType.Int64, slots));
        (_counts, _totals) = (Make(ScalarType.Int64, layers, shape.Experts), Make(ScalarType.Float64, layers, 4));
        _layerCounts = [.. Enumerable.Range(0, layers).Select(layer => _counts.select(0, layer).DetachFromDisposeScope())];
        _layerTotals = [.. Enumerable.Range(0, layers).Select(layer => _totals.select(0, layer).DetachFromDisposeScope())];
        _biases = [.. Enumerable.Range(0, hasBias ? layers : 0).Select(_ => Make(ScalarType.Float32, shape.Experts))];
        _perPrices = [.. Enumerable.Range(0, layers).Select(_ => ones([shape.Experts], ScalarType.Float64, CUDA).DetachFromDisposeScope())];
        _sample = hasBias ? Make(ScalarType.Float32, layers, Math.Max(1, SampleRows / tokens), tokens, shape.Experts) : null;
        _samples = _sample is null ? null : [.. Enumerable.Range(0, layers).Select(layer => _sample.select(0, layer).DetachFromDisposeScope())];
        Reset();
    }

    public string Name => "cuda kernels";

    /// <summary>Grows when a recorded step would no longer do what the epochs say.</summary>
    public int Version { get; private set; }

    public GateChoice Choose(int layer, Tensor logits)
    {
        var epoch = _epochs[layer];
        var bias = epoch.IsNeutral ? null : _biases[layer]; // Nothing to add: the kernel leaves that part out.
        var step = epoch.BatchStep;
        switch (step.Kind)
        {
            case BatchStepKind.None:
                _selector.Guarded(logits, bias, epoch.GuardBound, _experts, _weights, _retained);
                break;
            case BatchStepKind.GreedyConsolidation:
                _selector.Consolidate(logits, bias, epoch.EffectiveBound, _experts, _weights, _retained, step.IsPriced ? _perPrices[layer] : null);
                break;
            case BatchStepKind.MarginalConsolidation:
                _selector.Marginal(logits, bias, epoch.EffectiveBound, step.MassPerExpert, _experts, _weights, _retained, step.IsPriced ? _perPrices[layer] : null);
                break;
            default:
                _selector.Activate(logits, step.OwnExperts, _experts, _weights, _retained);
                break;
        }

        _selector.Dispatch(_experts, _retained, logits, _ends, _source, _back, _layerCounts[layer], _layerTotals[layer], _samples?[layer]);
        return new(_weights, _ends, _source, _back);
    }

    public void Apply(int layer, SelectionEpoch epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        if (epoch.Bias.Length != _shape.Experts || epoch.BiasSpace != _shape.BiasSpace)
        {
            throw new ArgumentException($"epoch {epoch.Number} has {epoch.Bias.Length} biases in '{epoch.BiasSpace}', the gate {_shape.Experts} in '{_shape.BiasSpace}'", nameof(epoch));
        }

        if (_biases.Length == 0 && !epoch.IsNeutral)
        {
            throw new ArgumentException($"epoch {epoch.Number} brings a bias to a gate that was made without", nameof(epoch));
        }

        if (epoch.BatchStep.Kind == BatchStepKind.OpportunisticActivation && epoch.EffectiveBound > 0)
        {
            throw new ArgumentException($"epoch {epoch.Number} asks for opportunistic activation with a guard of {epoch.EffectiveBound}: the kernel has none, take a guard of 0", nameof(epoch));
        }

        var old = _epochs[layer];
        Version += old.BatchStep != epoch.BatchStep || old.IsNeutral != epoch.IsNeutral || old.EffectiveBound != epoch.EffectiveBound || old.GuardBound != epoch.GuardBound ? 1 : 0;
        _epochs[layer] = epoch;
        using var none = no_grad();
        using var scope = NewDisposeScope();
        if (_biases.Length > 0 && !old.Bias.AsSpan().SequenceEqual(epoch.Bias.AsSpan()))
        {
            _biases[layer].copy_(tensor(epoch.Bias.ToArray()));
        }

        if (!old.Prices.AsSpan().SequenceEqual(epoch.Prices.AsSpan()))
        {
            // As on the CPU: relative to the mean price; equal where nothing is known.
            var mean = epoch.Prices.IsEmpty ? 0 : epoch.Prices.Sum(price => (double)price) / epoch.Prices.Length;
            double[] relative = epoch.Prices.IsEmpty || mean <= 0 ? [.. Enumerable.Repeat(1.0, _shape.Experts)] : [.. epoch.Prices.Select(price => mean / price)];
            _perPrices[layer].copy_(tensor(relative));
        }
    }

    public GateTotals Totals()
    {
        using var host = _totals.cpu();
        var numbers = host.data<double>().ToArray();
        double distinct = 0, retained = 0, least = 1;
        for (var layer = 0; layer < _layers; layer++)
        {
            distinct += numbers[4 * layer + 1];
            retained += numbers[4 * layer + 2];
            least = Math.Min(least, numbers[4 * layer + 3]);
        }

        return new((long)numbers[0], (long)numbers[0] * _tokens, distinct, retained, least, _layers);
    }

    /// <inheritdoc/>
    /// <remarks>Layers are asked in order: the first brings all of them over.</remarks>
    public (long[] Counts, float[] Logits) Observed(int layer)
    {
        if (layer == 0)
        {
            // All layers at once: every copy waits for the device.
            using var counts = _counts.cpu();
            _seenCounts = counts.data<long>().ToArray();
            using var totals = _totals.cpu();
            _seenSteps = (long)totals.data<double>()[0];
            using var sample = _sample?.cpu();
            _seenLogits = sample is null ? [] : sample.data<float>().ToArray();
        }

        var (ring, cells) = (_samples is null ? 0 : (int)_samples[0].shape[0], _tokens * _shape.Experts);
        var kept = (int)Math.Min(_seenSteps, ring);
        return (_seenCounts.AsSpan(layer * _shape.Experts, _shape.Experts).ToArray(), _seenLogits.AsSpan(layer * ring * cells, kept * cells).ToArray());
    }

    public void Reset()
    {
        using var none = no_grad();
        _counts.zero_();
        _totals.zero_();
        using var least = _totals.select(1, 3);
        least.fill_(1);
    }

    public void Dispose()
    {
        foreach (var kept in (Tensor[])[_experts, _weights, _retained, _ends, _source, _back, .. _layerCounts, .. _layerTotals, _counts, _totals, .. _biases, .. _perPrices, .. _samples ?? []])
        {
            kept.Dispose();
        }

        _sample?.Dispose();
    }
}
