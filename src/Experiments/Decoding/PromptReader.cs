using EnergyTTT.Experiments.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Decoding;

/// <summary>Reads prompts, one after the other, in pieces of as many tokens as a step has (chunked prefill): every token looks back at all before it.</summary>
internal sealed class PromptReader : CachedPass
{
    private readonly PromptPool _pool;
    private readonly Tensor[] _keys, _values;
    private readonly Tensor _tokens, _piece;

    /// <summary>Makes room for one prompt.</summary>
    /// <param name="model">A model that no longer learns.</param>
    /// <param name="pool">The prompts.</param>
    /// <param name="size">Tokens of a piece; divides the prompts' length.</param>
    public PromptReader(MoeLanguageModel model, PromptPool pool, int size)
        : base(model, pool.Length, size, pool.Length / size, 1)
    {
        _pool = pool;
        var shape = model.Shape;
        (_keys, _values) = (Cache(shape.KeyHeads, pool.Length, shape.HeadWidth), Cache(shape.KeyHeads, pool.Length, shape.HeadWidth));
        _tokens = Kept(zeros(pool.Length + 1, ScalarType.Int64, model.Device));
        _piece = Kept(arange(size, ScalarType.Int64, model.Device));
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var tensor in _keys.Concat(_values).Append(_tokens).Append(_piece))
        {
            tensor.Dispose();
        }
    }

    protected override void Fill(ReadOnlySpan<int> sequences)
    {
        using var none = no_grad();
        using var text = _pool.Text(sequences[0]);
        _tokens.copy_(text);
    }

    protected override Tensor Places() => _piece + Done * Size;

    protected override (Tensor Current, Tensor Next) Tokens(Tensor places) => (_tokens.index_select(0, places), _tokens.index_select(0, places + 1));

    protected override Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, Tensor places, Tensor later)
    {
        var (n, heads, keyHeads, width) = (Size, q.shape[1], k.shape[1], q.shape[2]);
        _keys[layer].index_copy_(1, places, k.transpose(0, 1));
        _values[layer].index_copy_(1, places, v.transpose(0, 1));
        var rows = q.reshape(n, keyHeads, heads / keyHeads, width).permute(1, 2, 0, 3).reshape(keyHeads, heads / keyHeads * n, width); // heads that share keys, one after the other
        var attended = Attended(rows, _keys[layer], _values[layer], later.repeat([heads / keyHeads, 1]));
        return attended.reshape(heads, n, width).transpose(0, 1).reshape(n, heads * width);
    }
}
