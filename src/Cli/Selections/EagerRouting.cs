using EnergyTTT.Routing.Torch;
using EnergyTTT.Selection.Gates;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Cli.Selections;

/// <summary>Plain routing written the usual way, operation by operation, in eager TorchSharp: what the selector is compared with.</summary>
internal sealed class EagerRouting : IDisposable
{
    private readonly SelectorShape _shape;
    private readonly int _tokens;
    private readonly Tensor _logits;

    public EagerRouting(SelectorShape shape, float[] logits, int tokens)
    {
        TorchLibrary.Load();
        _shape = shape;
        _tokens = tokens;
        _logits = tensor(logits, [tokens, shape.Experts]);
    }

    /// <summary>Routes the batch and drops the answer.</summary>
    public void Route()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        Answer();
    }

    /// <summary>Fails unless eager routing and the selector choose the same experts.</summary>
    public void Verify(BenchBatch batch)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var (indices, weights) = Answer();
        var experts = indices.data<long>().ToArray();
        var shares = weights.data<float>().ToArray();
        for (var slot = 0; slot < experts.Length; slot++)
        {
            if (experts[slot] != batch.Experts[slot] || Math.Abs(shares[slot] - batch.Weights[slot]) > 1e-5)
            {
                throw new InvalidOperationException($"Slot {slot}: TorchSharp says expert {experts[slot]} at {shares[slot]}, the selector {batch.Experts[slot]} at {batch.Weights[slot]}. Nothing was timed.");
            }
        }
    }

    public void Dispose() => _logits.Dispose();

    private (Tensor Indices, Tensor Weights) Answer()
    {
        var scores = _shape.Gate == GateKind.Softmax ? _logits.softmax(-1) : _logits.sigmoid();
        var ranked = scores;
        if (_shape.IsGrouped)
        {
            // [tokens, groups, size] -> the two best of each group -> [tokens, groups]
            var worth = scores.view(_tokens, _shape.Groups, _shape.GroupSize).topk(2, -1).values.sum(-1);
            var kept = worth.topk(_shape.TopGroups, -1).indexes;
            var mask = zeros_like(worth).scatter_(1, kept, ones_like(worth));
            ranked = scores.masked_fill(mask.unsqueeze(-1).expand(_tokens, _shape.Groups, _shape.GroupSize).reshape(_tokens, _shape.Experts) == 0, float.NegativeInfinity);
        }

        var (_, indices) = ranked.topk(_shape.TopK, -1);
        var weights = scores.gather(1, indices);
        return (indices, weights / weights.sum(-1, keepdim: true));
    }
}
