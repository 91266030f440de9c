using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Decoding;

/// <summary>
/// Decodes a batch step by step on fixed memory: nothing in a step has a size, an address or a number that comes from the host, so a GPU can record it once and replay it. The next token is the one that
/// the text has, and its loss is counted: quality is measured in the very batches, with the very selection, that take the joules.
/// </summary>
internal sealed class BatchDecoder : IDisposable
{
    private readonly MoeLanguageModel _model;
    private readonly Tensor[] _keys, _values;
    private readonly Tensor _tokens, _step, _loss, _places, _cosine, _sine;
    private readonly int _prompt;

    /// <summary>Makes room for batches of a pool.</summary>
    public BatchDecoder(MoeLanguageModel model, SequencePool pool, int size)
    {
        (_model, _prompt, Size, Steps) = (model, pool.Prompt, size, pool.Steps);
        var shape = model.Shape;
        var room = pool.Prompt + pool.Steps;
        using var scope = NewDisposeScope();
        Tensor Keep(Tensor tensor) => tensor.DetachFromDisposeScope();
        Tensor[] Room() => [.. Enumerable.Range(0, shape.Layers).Select(_ => Keep(zeros([size, shape.KeyHeads, room, shape.HeadWidth], model.Kind, model.Device)))];
        (_keys, _values) = (Room(), Room());
        _tokens = Keep(zeros([size, pool.Steps + 2], ScalarType.Int64, model.Device));
        _step = Keep(zeros(1, ScalarType.Int64, model.Device));
        _loss = Keep(zeros(size, ScalarType.Float64, model.Device));
        _places = Keep(arange(room, ScalarType.Int64, model.Device));
        var (cosine, sine) = model.Rotary(room, model.Kind);


        // Doubled, so that turning is one product and one sum: [c, c] and [-s, s].
        (_cosine, _sine) = (Keep(cat([cosine, cosine], -1)), Keep(cat([-sine, sine], -1)));
    }

    /// <summary>Sequences side by side.</summary>
    public int Size { get; }

    /// <summary>Steps that the text of a batch lasts.</summary>
    public int Steps { get; }

    /// <summary>Begins a batch.</summary>
    public void Load(SequencePool pool, ReadOnlySpan<int> sequences)
    {
        pool.Load(sequences, _keys, _values, _tokens);
        using var none = no_grad();
        _step.zero_();
        _loss.zero_();
    }

    /// <summary>Where the batch stands. Waits for the device.</summary>
    public (long Step, Tensor Loss) Position() => (_step.item<long>(), _loss.clone().DetachFromDisposeScope());

    /// <summary>Goes back to where the batch stood; what was written since is written again.</summary>
    public void Return((long Step, Tensor Loss) position)
    {
        using var none = no_grad();
        _step.fill_(position.Step);
        _loss.copy_(position.Loss);
        position.Loss.Dispose();
    }

    /// <summary>Sum of the losses of each sequence's tokens since <see cref="Load"/>, nats. Waits for the device.</summary>
    public double[] Losses()
    {
        using var host = _loss.cpu();
        return host.data<double>().ToArray();
    }

    /// <summary>One token of every sequence. The first token that goes in is the last of the prompt, whose place in the cache is written again.</summary>
    /// <param name="gate">What stands at the gates.</param>
    public void Step(IBatchGate gate)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var shape = _model.Shape;
        var (n, heads, keyHeads, width) = (Size, shape.Heads, shape.KeyHeads, shape.HeadWidth);
        var kind = _model.Kind;
        var place = _step + (_prompt - 1); // [1]
        var later = (_places > place).to(kind).mul_(-1e9); // [room]
        var (cosine, sine) = (_cosine.index_select(0, place), _sine.index_select(0, place)); // [1, head]
        var x = _model.W("embedding").index_select(0, _tokens.index_select(1, _step).reshape(-1)); // [n, width]
        var scale = (float)(1 / Math.Sqrt(width));
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            using var inner = NewDisposeScope();
            var h = GroupedProduct.Norm(x, _model.W($"{layer}.norm1"));
            var qkv = h.matmul(_model.W($"{layer}.qkv").t()).reshape(n, heads + 2 * keyHeads, width);
            var straight = qkv.narrow(1, 0, heads + keyHeads);
            var turned = straight.mul(cosine).addcmul_(straight.roll(width / 2, -1), sine, 1); // as Rotate, in fewer operations
            _keys[layer].index_copy_(2, place, turned.narrow(1, heads, keyHeads).unsqueeze(2));
            _values[layer].index_copy_(2, place, qkv.narrow(1, heads + keyHeads, keyHeads).unsqueeze(2));
            var q = turned.narrow(1, 0, heads).reshape(n * keyHeads, heads / keyHeads, width);
            var (keys, values) = (_keys[layer].reshape(n * keyHeads, -1, width), _values[layer].reshape(n * keyHeads, -1, width));
            var scores = later.add(q.bmm(keys.transpose(1, 2)), scale); // [n key heads, shared, room]
            var attended = scores.softmax(-1).bmm(values).reshape(n, heads * width);
            x = x + attended.matmul(_model.W($"{layer}.out").t());
            h = GroupedProduct.Norm(x, _model.W($"{layer}.norm2"));
            var logits = h.to(ScalarType.Float32).matmul(_model.W($"{layer}.gate").t());
            x = x + _model.Experts(h, gate.Choose(layer, logits), _model.W($"{layer}.up"), _model.W($"{layer}.down"));
            if (_model.Shared(layer, h, _model.W) is { } common)
            {
                x = x + common;
            }

            x = x.MoveToOuterDisposeScope();
        }

        var predicted = GroupedProduct.Norm(x, _model.W("norm")).matmul(_model.W("head").t()).to(ScalarType.Float32); // [n, vocabulary]
        var next = _tokens.index_select(1, _step + 1); // [n, 1]
        _loss.add_((predicted.logsumexp(-1) - predicted.gather(1, next).squeeze(1)).to(ScalarType.Float64));
        _step.add_(1);
    }

    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values).Concat([_tokens, _step, _loss, _places, _cosine, _sine]))
        {
            tensor.Dispose();
        }
    }
}
