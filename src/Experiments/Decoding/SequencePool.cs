using EnergyTTT.Experiments.Corpora;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Selection.Gates;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Decoding;

/// <summary>
/// Held-out sequences whose prompts have been read: keys, values, the tokens that follow, and how each prompt used the experts. Prompts pass the plain gate, so that all arms decode from the same state.
/// </summary>
internal sealed class SequencePool : ISequenceSet
{
    private readonly Tensor[] _keys, _values;

    private SequencePool(Tensor[] keys, Tensor[] values, Tensor tokens, float[] usage, int prompt, int steps, int count) =>
        (_keys, _values, Tokens, Usage, Prompt, Steps, Count) = (keys, values, tokens, usage, prompt, steps, count);

    public int Count { get; }

    /// <summary>Tokens of each prompt: the context that decoding begins with.</summary>
    public int Prompt { get; }

    /// <summary>Tokens that follow each prompt and are decoded.</summary>
    public int Steps { get; }

    /// <summary>[sequences, steps + 1] int64: the last token of the prompt and those that follow.</summary>
    public Tensor Tokens { get; }

    public float[] Usage { get; }

    public int Together(int size) => size;

    public CachedPass Pass(MoeLanguageModel model, int size) => new BatchDecoder(model, this, size);

    /// <summary>Reads prompts.</summary>
    /// <param name="model">A model that no longer learns.</param>
    /// <param name="sequences">[count, prompt + steps + 1 or more].</param>
    /// <param name="prompt">Tokens of context.</param>
    /// <param name="steps">Tokens to decode.</param>
    /// <param name="gate">The shape of the gate.</param>
    /// <param name="together">Prompts of one pass.</param>
    /// <param name="progress">Told the share done.</param>
    /// <param name="cancellationToken">Looked at between passes.</param>
    public static SequencePool Read(
        MoeLanguageModel model, HeldOutSequences sequences, int prompt, int steps, SelectorShape gate, int together, Action<double>? progress, CancellationToken cancellationToken)
    {
        var shape = model.Shape;
        using var none = no_grad();
        var cells = shape.Layers * shape.Experts;
        Tensor[] Room() => [.. Enumerable.Range(0, shape.Layers).Select(_ =>
            zeros([sequences.Count, shape.KeyHeads, prompt, shape.HeadWidth], model.Kind, model.Device).DetachFromDisposeScope())];
        var (keys, values) = (Room(), Room());
        var usage = new float[sequences.Count * cells];
        var all = tensor(sequences.Tokens, [sequences.Count, sequences.Length]);
        for (var first = 0; first < sequences.Count; first += together)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var count = Math.Min(together, sequences.Count - first);
            var tokens = all.narrow(0, first, count).narrow(1, 0, prompt).to(model.Device);
            var start = first;
            TrainingPass.Run(model, tokens, model.Kind, (layer, logits) =>
            {
                var (value, chosen) = logits.softmax(-1).topk(shape.TopK, -1);
                var used = zeros([count, shape.Experts], ScalarType.Float32, model.Device)
                    .scatter_add_(1, chosen.reshape(count, -1), ones([count, (long)prompt * shape.TopK], ScalarType.Float32, model.Device)).div_(prompt).cpu().data<float>().ToArray();
                for (var s = 0; s < count; s++)
                {
                    used.AsSpan(s * shape.Experts, shape.Experts).CopyTo(usage.AsSpan((start + s) * cells + layer * shape.Experts));
                }

                return (chosen, value / value.sum(-1, keepdim: true));
            },
            (layer, k, v) =>
            {
                keys[layer].narrow(0, start, count).copy_(k);
                values[layer].narrow(0, start, count).copy_(v);
            });
            progress?.Invoke((double)(first + count) / sequences.Count);
        }

        var following = all.narrow(1, prompt - 1, steps + 2).to(model.Device).contiguous().DetachFromDisposeScope();
        all.Dispose();
        return new(keys, values, following, usage, prompt, steps, sequences.Count);
    }

    /// <summary>Puts the state of a batch's sequences where decoding reads it.</summary>
    public void Load(ReadOnlySpan<int> sequences, Tensor[] keys, Tensor[] values, Tensor tokens)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var index = tensor(sequences.ToArray().Select(s => (long)s).ToArray()).to(Tokens.device);
        for (var layer = 0; layer < keys.Length; layer++)
        {
            using var inner = NewDisposeScope();
            keys[layer].narrow(2, 0, Prompt).copy_(_keys[layer].index_select(0, index));
            values[layer].narrow(2, 0, Prompt).copy_(_values[layer].index_select(0, index));
        }

        tokens.copy_(Tokens.index_select(0, index));
    }

    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values).Append(Tokens))
        {
            tensor.Dispose();
        }
    }
}
