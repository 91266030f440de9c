using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EnergyTTT.Routing.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Models;

/// <summary>
/// A decoder with a mixture of experts in every layer: RMSNorm, rotary positions, attention whose heads share keys, and experts through one grouped product. What stands at the gate is the caller's.
/// </summary>
/// <remarks>Not thread-safe. Tensors stay inside the room.</remarks>
public sealed class MoeLanguageModel : IDisposable
{
    private const double Epsilon = 1e-5;
    private readonly Dictionary<string, Tensor> _weights = new(StringComparer.Ordinal);

    /// <summary>A model with random weights.</summary>
    /// <param name="shape">Its sizes.</param>
    /// <param name="seed">Of the weights; the same on a device of the same kind.</param>
    /// <param name="device">Where it lives.</param>
    public MoeLanguageModel(ModelShape shape, int seed, Device device)
        : this(shape, seed, device, null)
    {
    }

    /// <summary>Room for weights that are read from elsewhere.</summary>
    /// <param name="kind">Type of the weights but for gates, uninitialised; null draws random ones in float32.</param>
    internal MoeLanguageModel(ModelShape shape, int seed, Device device, ScalarType? kind)
    {
        TorchLibrary.Load();
        Shape = (shape ?? throw new ArgumentNullException(nameof(shape))).Check();
        Device = device ?? throw new ArgumentNullException(nameof(device));

        // TorchSharp makes generators of the CPU only.
        using var generator = device.type == DeviceType.CPU ? new Generator((ulong)seed) : null;
        if (generator is null)
        {
            cuda.manual_seed_all(seed);
        }

        using var scope = NewDisposeScope();
        var (d, f) = (shape.Width, shape.ExpertWidth);
        var depth = 1 / Math.Sqrt(2.0 * shape.Layers);
        Add("embedding", 0.02, shape.Vocabulary, d);
        Add("head", 1 / Math.Sqrt(d), shape.Vocabulary, d);
        Add("norm", 0, d);
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            Add($"{layer}.norm1", 0, d);
            Add($"{layer}.qkv", 1 / Math.Sqrt(d), (shape.Heads + 2 * shape.KeyHeads) * shape.HeadWidth, d);
            Add($"{layer}.out", depth / Math.Sqrt(d), d, shape.Heads * shape.HeadWidth);
            Add($"{layer}.norm2", 0, d);
            Add($"{layer}.gate", 1 / Math.Sqrt(d), shape.Experts, d);
            Add($"{layer}.up", 1 / Math.Sqrt(d), shape.Experts, d, shape.UpWidth);
            Add($"{layer}.down", depth / Math.Sqrt(f), shape.Experts, f, d);
            if (shape.SharedWidth > 0)
            {
                Add($"{layer}.shared_up", 1 / Math.Sqrt(d), d, 2 * shape.SharedWidth);
                Add($"{layer}.shared_down", depth / Math.Sqrt(shape.SharedWidth), shape.SharedWidth, d);
            }
        }

        // Deviation 0 stands for a norm, which begins at 1.
        void Add(string name, double deviation, params long[] size) => _weights[name] =
            (kind is { } given ? empty(size, name.EndsWith(".gate", StringComparison.Ordinal) ? ScalarType.Float32 : given, device)
            : deviation == 0 ? ones(size, ScalarType.Float32, device) : randn(size, ScalarType.Float32, device, generator: generator).mul_(deviation)).MoveToOuterDisposeScope().DetachFromDisposeScope();
    }

    /// <summary>The sizes.</summary>
    public ModelShape Shape { get; }

    /// <summary>Where it lives.</summary>
    public Device Device { get; }

    /// <summary>Weights by name, in one order for ever.</summary>
    internal IReadOnlyDictionary<string, Tensor> Weights => _weights;

    /// <summary>The element type of the weights now.</summary>
    internal ScalarType Kind => _weights["head"].dtype;

    /// <summary>Turns the weights into another type for good, but for gates, which stay float32: nothing learns from then on.</summary>
    internal void Freeze(ScalarType kind)
    {
        foreach (var name in _weights.Keys.ToArray())
        {
            var old = _weights[name];
            using var grad = old.grad;
            using (no_grad())
            {
                var kept = name.EndsWith(".gate", StringComparison.Ordinal) ? ScalarType.Float32 : kind;
                _weights[name] = old.detach().to(kept, copy: true).DetachFromDisposeScope();
            }

            old.Dispose();
        }
    }

    /// <summary>SHA-256 over names and the digests of weights as they are, lower-case hexadecimal.</summary>
    public string Sha256()
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, weight) in _weights)
        {
            digest.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            using var scope = NewDisposeScope();
            using var none = no_grad();

            // Piece by piece: the whole tensor need not fit beside itself; several at once, since hashing is slower than copying.
            var flat = weight.detach().reshape(-1);
            const long Piece = 1 << 24;
            List<Task<byte[]>> pieces = [];
            for (long at = 0; at < flat.numel(); at += Piece)
            {
                using var inner = NewDisposeScope();
                var bytes = flat.narrow(0, at, Math.Min(Piece, flat.numel() - at)).cpu().bytes.ToArray();
                pieces.Add(Task.Run(() => SHA256.HashData(bytes)));
            }

            foreach (var piece in pieces)
            {
                digest.AppendData(piece.GetAwaiter().GetResult());
            }
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var weight in _weights.Values)
        {
            weight.Dispose();
        }
    }

    internal Tensor W(string name) => _weights[name];

    internal static Tensor Norm(Tensor x, Tensor weight)
    {
        // In float32: squares of bf16 lose too much.
        var wide = x.to(ScalarType.Float32);
        var scale = wide.pow(2).mean([-1], keepdim: true).add_(Epsilon).rsqrt_();
        return (wide * scale).to(x.dtype) * weight;
    }

    /// <summary>Cosines and sines of rotary positions, <c>[positions, head width / 2]</c> each.</summary>
    internal (Tensor Cosine, Tensor Sine) Rotary(int positions, ScalarType kind)
    {
        var half = Shape.HeadWidth / 2;
        var frequency = arange(half, ScalarType.Float32, Device).mul_(-Math.Log(10_000) / half).exp_();
        var angle = arange(positions, ScalarType.Float32, Device).unsqueeze(1) * frequency.unsqueeze(0);
        return (angle.cos().to(kind), angle.sin().to(kind));
    }

    /// <summary>Turns pairs of halves by their position.</summary>
    /// <param name="x">[..., head width].</param>
    /// <param name="cosine">Broadcasts to [..., head width / 2].</param>
    /// <param name="sine">As the cosine.</param>
    internal static Tensor Rotate(Tensor x, Tensor cosine, Tensor sine)
    {
        var half = x.shape[^1] / 2;
        var (a, b) = (x.narrow(-1, 0, half), x.narrow(-1, half, half));
        return cat([a * cosine - b * sine, b * cosine + a * sine], -1);
    }

    /// <summary>Carries rows to their experts and back.</summary>
    /// <param name="h">[n, width].</param>
    /// <param name="choice">Rows sorted by expert.</param>
    /// <param name="up">Experts' first matrices in the type of h.</param>
    /// <param name="down">Experts' second matrices.</param>
    /// <returns>[n, width].</returns>
    internal Tensor Experts(Tensor h, Gates.GateChoice choice, Tensor up, Tensor down) => Experts(h, choice, up, down, Shape.Gated);

    /// <inheritdoc cref="Experts(Tensor, Gates.GateChoice, Tensor, Tensor)"/>
    /// <param name="gated">Whether experts have three matrices.</param>
    internal static Tensor Experts(Tensor h, Gates.GateChoice choice, Tensor up, Tensor down, bool gated)
    {
        var (n, k) = (choice.Weights.shape[0], choice.Weights.shape[1]);
        var width = up.shape[2] / 2;
        var rows = h.index_select(0, choice.Source); // [n k, width]
        var first = GroupedProduct.Of(rows, up, choice.Ends); // [n k, up width]
        var inner = gated ? nn.functional.silu(first.narrow(1, 0, width)) * first.narrow(1, width, width) : nn.functional.silu(first);
        var second = GroupedProduct.Of(inner, down, choice.Ends); // [n k, width]
        return choice.Weights.to(h.dtype).reshape(n, 1, k).bmm(second.index_select(0, choice.Back).reshape(n, k, h.shape[1])).squeeze(1);
    }

    /// <summary>The expert that every token passes; null when there is none.</summary>
    internal Tensor? Shared(int layer, Tensor h, Func<string, Tensor> weight)
    {
        if (Shape.SharedWidth == 0)
        {
            return null;
        }

        var first = h.matmul(weight($"{layer}.shared_up"));
        return (nn.functional.silu(first.narrow(1, 0, Shape.SharedWidth)) * first.narrow(1, Shape.SharedWidth, Shape.SharedWidth)).matmul(weight($"{layer}.shared_down"));
    }
}
