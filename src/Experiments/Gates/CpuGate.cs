using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Gates;

/// <summary>The selector of the product, on the CPU: exact for every strategy, and the judge of the kernels. On a GPU each call waits for the device, so it is for quality, not for joules.</summary>
/// <param name="shape">The gate.</param>
/// <param name="layers">Layers.</param>
/// <param name="sampleRows">Rows of logits that are kept per layer for a learner; 0 keeps none.</param>
/// <param name="onChosen">Told layer, tokens, distinct experts and slots of each call; null tells nobody.</param>
internal sealed class CpuGate(SelectorShape shape, int layers, int sampleRows = 0, Action<int, int, int, long>? onChosen = null) : IBatchGate
{
    private readonly Selector[] _selectors = [.. Enumerable.Range(0, layers).Select(_ => new Selector(shape))];
    private readonly SelectionEpoch[] _epochs = [.. Enumerable.Repeat(SelectionEpoch.Baseline(shape), layers)];
    private readonly long[][] _counts = [.. Enumerable.Range(0, layers).Select(_ => new long[shape.Experts])];
    private readonly Queue<float[]>[] _samples = [.. Enumerable.Range(0, layers).Select(_ => new Queue<float[]>())];
    private long _steps, _tokens;
    private double _distinct, _retained, _least = 1;
    private int[] _experts = [];

    public string Name => "cpu selector";

    public GateChoice Choose(int layer, Tensor logits)
    {
        var tokens = (int)logits.shape[0];
        var k = shape.TopK;
        float[] numbers;
        using (var host = logits.cpu())
        {
            numbers = host.data<float>().ToArray();
        }

        if (_experts.Length != tokens * k)
        {
            _experts = new int[tokens * k];
        }

        var weights = new float[tokens * k];
        var done = _selectors[layer].Select(numbers, tokens, _epochs[layer], _experts, weights);
        var counts = done.Counts.Span;
        for (var e = 0; e < shape.Experts; e++)
        {
            _counts[layer][e] += counts[e];
        }

        (_steps, _tokens) = layer == 0 ? (_steps + 1, _tokens + tokens) : (_steps, _tokens);
        _distinct += done.DistinctExperts;
        _retained += done.RetainedMassMean * tokens;
        _least = Math.Min(_least, done.RetainedMassMin);
        Keep(layer, numbers, tokens);
        onChosen?.Invoke(layer, tokens, done.DistinctExperts, done.Slots);

        var chosen = new long[tokens * k];
        for (var slot = 0; slot < chosen.Length; slot++)
        {
            chosen[slot] = _experts[slot] >= 0 ? _experts[slot] : _experts[slot / k * k];
        }

        return GateChoice.Of(tensor(chosen, [tokens, k]).to(logits.device), tensor(weights, [tokens, k]).to(logits.device), shape.Experts);
    }

    public void Apply(int layer, SelectionEpoch epoch)
    {
        if (_selectors[layer].Refusal(epoch) is { } refusal)
        {
            throw new ArgumentException(refusal, nameof(epoch));
        }

        _epochs[layer] = epoch;
    }

    public GateTotals Totals() => new(_steps, _tokens, _distinct, _retained, _least, layers);

    public (long[] Counts, float[] Logits) Observed(int layer) => ([.. _counts[layer]], [.. _samples[layer].SelectMany(row => row)]);

    public void Reset()
    {
        (_steps, _tokens, _distinct, _retained, _least) = (0, 0, 0, 0, 1);
        for (var layer = 0; layer < layers; layer++)
        {
            Array.Clear(_counts[layer]);
            _samples[layer].Clear();
        }
    }

    public void Dispose()
    {
    }

    private void Keep(int layer, float[] numbers, int tokens)
    {
        var sample = _samples[layer];
        for (var row = 0; row < tokens && sampleRows > 0; row++)
        {
            sample.Enqueue(numbers.AsSpan(row * shape.Experts, shape.Experts).ToArray());
            if (sample.Count > sampleRows)
            {
                sample.Dequeue();
            }
        }
    }
}
