using EnergyTTT.Experiments.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Decoding;

/// <summary>Decodes a batch: one token of every sequence a step. The first token that goes in is the last of the prompt, whose place in the cache is written again.</summary>
internal sealed class BatchDecoder : CachedPass
{
    private readonly SequencePool _pool;
    private readonly Tensor[] _keys, _values;
    private readonly Tensor _tokens;

    /// <summary>Makes room for batches of a pool.</summary>
    public BatchDecoder(MoeLanguageModel model, SequencePool pool, int size)
        : base(model, pool.Prompt + pool.Steps, size, pool.Steps, size)
    {
        _pool = pool;
        var shape = model.Shape;
        (_keys, _values) = (Cache(size, shape.KeyHeads, pool.Prompt + pool.Steps, shape.HeadWidth), Cache(size, shape.KeyHeads, pool.Prompt + pool.Steps, shape.HeadWidth));
        _tokens = Kept(zeros([size, pool.Steps + 2], ScalarType.Int64, model.Device));
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var tensor in _keys.Concat(_values).Append(_tokens))
        {
            tensor.Dispose();
        }
    }

    protected override void Fill(ReadOnlySpan<int> sequences) => _pool.Load(sequences, _keys, _values, _tokens);

    protected override Tensor Places() => Done + (_pool.Prompt - 1);

    protected override (Tensor Current, Tensor Next) Tokens(Tensor places) => (_tokens.index_select(1, Done).reshape(-1), _tokens.index_select(1, Done + 1).reshape(-1));

    protected override Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, Tensor places, Tensor later)
    {
        var (n, heads, keyHeads, width) = (Size, q.shape[1], k.shape[1], q.shape[2]);
        _keys[layer].index_copy_(2, places, k.unsqueeze(2));
        _values[layer].index_copy_(2, places, v.unsqueeze(2));
        var attended = Attended(q.reshape(n * keyHeads, heads / keyHeads, width), _keys[layer].reshape(n * keyHeads, -1, width), _values[layer].reshape(n * keyHeads, -1, width), later);
        return attended.reshape(n, heads * width);
    }
}
