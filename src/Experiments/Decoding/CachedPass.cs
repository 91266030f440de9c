using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Decoding;

/// <summary>
/// Carries tokens through the model step by step on fixed memory: nothing in a step has a size, an address or a number that comes from the host, so a GPU can record it once and replay it. The next token is
/// the one that the text has, and its loss is counted: quality is measured in the very batches, with the very selection, that take the joules.
/// </summary>
internal abstract class CachedPass : IDisposable
{
    private readonly Tensor _everywhere, _cosine, _sine, _done, _loss;

    /// <summary>Makes room.</summary>
    /// <param name="model">A model that no longer learns.</param>
    /// <param name="room">Places of the cache.</param>
    /// <param name="size">Tokens of a step.</param>
    /// <param name="steps">Steps that the text of a batch lasts.</param>
    /// <param name="sequences">Sequences of a batch.</param>
    protected CachedPass(MoeLanguageModel model, int room, int size, int steps, int sequences)
    {
        (Model, Size, Steps, Sequences) = (model, size, steps, sequences);
        using var scope = NewDisposeScope();
        _done = Kept(zeros(1, ScalarType.Int64, model.Device));
        _loss = Kept(zeros(sequences, ScalarType.Float64, model.Device));
        _everywhere = Kept(arange(room, ScalarType.Int64, model.Device));
        var (cosine, sine) = model.Rotary(room, model.Kind);

        // Doubled, so that turning is one product and one sum: [c, c] and [-s, s].
        (_cosine, _sine) = (Kept(cat([cosine, cosine], -1)), Kept(cat([-sine, sine], -1)));
    }

    /// <summary>Tokens of a step, N at the gates.</summary>
    public int Size { get; }

    /// <summary>Steps that the text of a batch lasts.</summary>
    public int Steps { get; }

    /// <summary>Sequences of a batch.</summary>
    public int Sequences { get; }

    /// <summary>Tokens of each sequence that one batch carries through.</summary>
    public int TokensPerSequence => Size * Steps / Sequences;

    /// <summary>The model.</summary>
    protected MoeLanguageModel Model { get; }

    /// <summary>Steps done since <see cref="Load"/>, [1] int64 on the device.</summary>
    protected Tensor Done => _done;

    /// <summary>Begins a batch.</summary>
    public void Load(ReadOnlySpan<int> sequences)
    {
        Fill(sequences);
        using var none = no_grad();
        _done.zero_();
        _loss.zero_();
    }

    /// <summary>Where the batch stands. Waits for the device.</summary>
    public (long Step, Tensor Loss) Position() => (_done.item<long>(), _loss.clone().DetachFromDisposeScope());

    /// <summary>Goes back to where the batch stood; what was written since is written again.</summary>
    public void Return((long Step, Tensor Loss) position)
    {
        using var none = no_grad();
        _done.fill_(position.Step);
        _loss.copy_(position.Loss);
        position.Loss.Dispose();
    }

    /// <summary>Sum of the losses of each sequence's tokens since <see cref="Load"/>, nats. Waits for the device.</summary>
    public double[] Losses()
    {
        using var host = _loss.cpu();
        return host.data<double>().ToArray();
    }

    /// <summary>One step.</summary>
    /// <param name="gate">What stands at the gates.</param>
    public void Step(IBatchGate gate)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var shape = Model.Shape;
        var (heads, keyHeads, width) = (shape.Heads, shape.KeyHeads, shape.HeadWidth);
        var places = Places(); // [n], or [1] where all tokens stand at the same place
        var later = (_everywhere.unsqueeze(0) > places.unsqueeze(1)).to(Model.Kind).mul_(-1e9); // [places, room]
        var (cosine, sine) = (_cosine.index_select(0, places).unsqueeze(1), _sine.index_select(0, places).unsqueeze(1)); // [places, 1, head]
        var (current, next) = Tokens(places);
        var x = Model.W("embedding").index_select(0, current); // [n, width]
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            using var inner = NewDisposeScope();
            var h = GroupedProduct.Norm(x, Model.W($"{layer}.norm1"));
            var qkv = h.matmul(Model.W($"{layer}.qkv").t()).reshape(Size, heads + 2 * keyHeads, width);
            var straight = qkv.narrow(1, 0, heads + keyHeads);
            var turned = straight.mul(cosine).addcmul_(straight.roll(width / 2, -1), sine, 1); // as Rotate, in fewer operations
            var attended = Attend(layer, turned.narrow(1, 0, heads), turned.narrow(1, heads, keyHeads), qkv.narrow(1, heads + keyHeads, keyHeads), places, later); // [n, heads x head]
            x = x + attended.matmul(Model.W($"{layer}.out").t());
            h = GroupedProduct.Norm(x, Model.W($"{layer}.norm2"));
            var logits = h.to(ScalarType.Float32).matmul(Model.W($"{layer}.gate").t());
            x = x + Model.Experts(h, gate.Choose(layer, logits), Model.W($"{layer}.up"), Model.W($"{layer}.down"));
            if (Model.Shared(layer, h, Model.W) is { } common)
            {
                x = x + common;
            }

            x = x.MoveToOuterDisposeScope();
        }

        var predicted = GroupedProduct.Norm(x, Model.W("norm")).matmul(Model.W("head").t()).to(ScalarType.Float32); // [n, vocabulary]
        var losses = (predicted.logsumexp(-1) - predicted.gather(1, next.unsqueeze(1)).squeeze(1)).to(ScalarType.Float64); // [n]
        _loss.add_(losses.reshape(Sequences, -1).sum(1));
        _done.add_(1);
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        foreach (var tensor in (Tensor[])[_everywhere, _cosine, _sine, _done, _loss])
        {
            tensor.Dispose();
        }
    }

    /// <summary>Softmax of queries with keys times values, in the layouts of <see cref="Attend"/>.</summary>
    /// <param name="q">[groups, rows, head].</param>
    /// <param name="keys">[groups, room, head].</param>
    /// <param name="values">[groups, room, head].</param>
    /// <param name="later">Broadcasts to [groups, rows, room]: 0, or very negative where a token must not look.</param>
    protected static Tensor Attended(Tensor q, Tensor keys, Tensor values, Tensor later) => later.add(q.bmm(keys.transpose(1, 2)), (float)(1 / Math.Sqrt(q.shape[2]))).softmax(-1).bmm(values);

    /// <summary>Keeps a tensor beyond the scope that it was made in.</summary>
    protected static Tensor Kept(Tensor tensor) => tensor.DetachFromDisposeScope();

    /// <summary>Room for keys or values of every layer.</summary>
    protected Tensor[] Cache(params long[] size) => [.. Enumerable.Range(0, Model.Shape.Layers).Select(_ => Kept(zeros(size, Model.Kind, Model.Device)))];

    /// <summary>Puts the text and the state of sequences where steps read them.</summary>
    protected abstract void Fill(ReadOnlySpan<int> sequences);

    /// <summary>Places of the cache at which this step's tokens stand, int64.</summary>
    protected abstract Tensor Places();

    /// <summary>The tokens that go in, and those that the text has next, [n] int64 each.</summary>
    protected abstract (Tensor Current, Tensor Next) Tokens(Tensor places);

    /// <summary>Writes keys and values into the cache and looks back.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="q">[n, heads, head].</param>
    /// <param name="k">[n, key heads, head].</param>
    /// <param name="v">[n, key heads, head].</param>
    /// <param name="places">Of <see cref="Places"/>.</param>
    /// <param name="later">[places, room].</param>
    protected abstract Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, Tensor places, Tensor later);
}
