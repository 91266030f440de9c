using EnergyTTT.Experiments.Corpora;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Selection.Affinities;
using EnergyTTT.Selection.Gates;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Decoding;

/// <summary>
/// Held-out sequences whose prompts have been read: keys, values, the tokens that follow, and how each prompt used the experts. Prompts pass the plain gate, so that all arms decode from the same state.
/// </summary>
internal sealed class SequencePool : IDisposable
{
    private readonly Tensor[] _keys, _values;

    private SequencePool(Tensor[] keys, Tensor[] values, Tensor tokens, float[] usage, int prompt, int steps, IReadOnlyList<string> domains) =>
        (_keys, _values, Tokens, Usage, Prompt, Steps, Domains) = (keys, values, tokens, usage, prompt, steps, domains);

    /// <summary>Sequences.</summary>
    public int Count => Domains.Count;

    /// <summary>Tokens of each prompt: the context that decoding begins with.</summary>
    public int Prompt { get; }

    /// <summary>Tokens that follow each prompt and are decoded.</summary>
    public int Steps { get; }

    /// <summary>[sequences, steps + 1] int64: the last token of the prompt and those that follow.</summary>
    public Tensor Tokens { get; }

    /// <summary>Share of a prompt's tokens that used each expert <c>[sequences, layers x experts]</c>: the signature that batches are formed by.</summary>
    public float[] Usage { get; }

    /// <summary>Where each sequence comes from.</summary>
    public IReadOnlyList<string> Domains { get; }

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
        return new(keys, values, following, usage, prompt, steps, sequences.Domains);
    }

    /// <summary>Batches of sequences side by side, each sequence in exactly one.</summary>
    /// <param name="size">Sequences of a batch; divides <see cref="Count"/>.</param>
    /// <param name="byAffinity">By likeness of how prompts used the experts; else at random.</param>
    /// <param name="seed">Of the random order.</param>
    /// <returns>Indices of sequences, <c>[batches][size]</c>.</returns>
    public int[][] Batches(int size, bool byAffinity, int seed)
    {
        if (size < 1 || Count % size != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, $"a batch size that divides the {Count} sequences expected");
        }

        var order = Enumerable.Range(0, Count).ToArray();
        new Random(seed).Shuffle(order);
        if (!byAffinity)
        {
            return [.. order.Chunk(size)];
        }

        var cells = Usage.Length / Count;

        // Centred per expert: what every sequence uses says nothing about which ones are alike (docs/decisions/0052).
        var centred = new float[Usage.Length];
        for (var c = 0; c < cells; c++)
        {
            double mean = 0;
            for (var s = 0; s < Count; s++)
            {
                mean += Usage[s * cells + c];
            }

            for (var s = 0; s < Count; s++)
            {
                centred[s * cells + c] = Usage[s * cells + c] - (float)(mean / Count);
            }
        }

        var groups = AffinityGrouping.Group(centred, cells, [], size);
        if (groups.Max() + 1 == Count / size)
        {
            var usage = new float[Usage.Length];
            for (var i = 0; i < usage.Length; i++)
            {
                usage[i] = Math.Clamp(Usage[i], 0, 1);
            }

            GroupRefinement.Exchange(usage, groups, 3);
        }

        return [.. order.OrderBy(s => groups[s]).Chunk(size)];
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
