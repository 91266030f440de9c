using System.Collections.Concurrent;
using System.Globalization;
using EnergyTTT.Routing.Torch;
using EnergyTTT.Selection.Gates;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.Gpu;

/// <summary>
/// The selector on a CUDA tensor: kernels of our own, compiled for the device and the shape at run time, on torch's stream and memory. A call launches one
/// kernel and never waits for, or copies to, the host. Indices equal those of <see cref="Selection.Selectors.Selector"/>, whose roundings the kernels repeat.
/// </summary>
/// <remarks>One thread at a time; results are ready once torch's default stream has passed the launch.</remarks>
public sealed class GpuSelector
{
    private const double GuardMargin = 1e-6;
    private const int ShareUnit = 1 << 28;
    private const int WarpSize = 32;
    private const int WarpsPerToken = 4;
    private readonly NvrtcCompiler _compiler;
    private readonly CudaDriver _driver;
    private readonly ConcurrentDictionary<(int Warps, int TokensPerWarp), (nint Guarded, nint Consolidate)> _kernels = new();

    /// <summary>Prepares the kernels of a gate.</summary>
    /// <param name="shape">A softmax gate without groups whose bias is added to logits and whose weights are renormalised; at most 512 experts, k at most 32.</param>
    /// <param name="device">Index of the CUDA device.</param>
    /// <exception cref="NotSupportedException">The gate is of another kind; the message says which and what to use instead.</exception>
    /// <exception cref="DllNotFoundException">There is no NVIDIA driver, or no NVRTC.</exception>
    public GpuSelector(SelectorShape shape, int device = 0)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Gate != GateKind.Softmax || shape.IsGrouped || shape.BiasSpace != BiasSpace.Logit || !shape.Renormalise || shape.Experts > 512 || shape.TopK > WarpSize)
        {
            throw new NotSupportedException(
                $"The GPU kernels route softmax gates with a bias on logits, no groups, renormalised weights, up to 512 experts and k up to 32; this is {shape}. Use the selector on the CPU.");
        }

        Shape = shape;
        var library = TorchLibrary.Load();
        if (!library.CudaLoaded)
        {
            throw new NotSupportedException($"libtorch in {library.Folder.Path} has no CUDA half that loads ({library.CudaProblem ?? "CPU build"}): set ENERGYTTT_LIBTORCH to the lib folder of a PyTorch for CUDA.");
        }

        InitializeDeviceType(DeviceType.CUDA);
        _driver = CudaDriver.Open(device);
        _compiler = NvrtcCompiler.Load(library.Folder.Path);
    }

    /// <summary>What the gate looks like.</summary>
    public SelectorShape Shape { get; }

    /// <summary>The most tokens of one consolidated batch: 8 tokens for each of 32 warps.</summary>
    public const int MaximumBatch = 256;

    /// <summary>Guarded top-k of every token.</summary>
    /// <param name="logits">[tokens, experts] float32.</param>
    /// <param name="bias">[experts] float32, added for the choice only; null for plain top-k.</param>
    /// <param name="bound">The least share of its gate mass that any token keeps, in [0, 1].</param>
    /// <param name="experts">Receives [tokens, k] int32, by falling unbiased logit.</param>
    /// <param name="weights">Receives [tokens, k] float32.</param>
    /// <param name="retained">Receives [tokens] float32: the share of gate mass that each token keeps.</param>
    public unsafe void Guarded(Tensor logits, Tensor? bias, double bound, Tensor experts, Tensor weights, Tensor retained)
    {
        var tokens = Tokens(logits, bound);
        var (function, _) = Kernels(32, 1);
        var (z, b, e, w, r) = Addresses(logits, bias, experts, weights, retained, tokens);
        nint trips = 0;
        var arguments = stackalloc void*[] { &z, &b, &tokens, &bound, &e, &w, &r, &trips };
        _driver.Launch(function, (tokens + WarpsPerToken - 1) / WarpsPerToken, WarpsPerToken * WarpSize, arguments);
    }

    /// <summary>Greedy consolidation of one batch, after the guarded choice, in one kernel.</summary>
    /// <param name="logits">[tokens, experts] float32, at most <see cref="MaximumBatch"/> tokens.</param>
    /// <param name="bias">[experts] float32 or null.</param>
    /// <param name="bound">The least share of its gate mass that any token keeps, in [0, 1].</param>
    /// <param name="experts">Receives [tokens, k] int32; -1 for an unused slot.</param>
    /// <param name="weights">Receives [tokens, k] float32.</param>
    /// <param name="retained">Receives [tokens] float32.</param>
    /// <param name="perPrice">[experts] float64: mean price over price of each expert (positive infinity where it is free), or null for equal prices.</param>
    public unsafe void Consolidate(Tensor logits, Tensor? bias, double bound, Tensor experts, Tensor weights, Tensor retained, Tensor? perPrice = null)
    {
        var tokens = Tokens(logits, bound);
        if (tokens > MaximumBatch)
        {
            throw new ArgumentException($"{tokens} tokens are more than one block can hold ({MaximumBatch}): consolidate micro-batches, or use the CPU.", nameof(logits));
        }

        // As many warps as there are tokens, up to 32; beyond that a warp takes several.
        var warps = Math.Clamp(tokens, 1, 32);
        var perWarp = Math.Max(1, (tokens + warps - 1) / warps);
        var (_, function) = Kernels(warps <= 8 ? 8 : warps <= 16 ? 16 : 32, perWarp);
        var (z, b, e, w, r) = Addresses(logits, bias, experts, weights, retained, tokens);
        var prices = perPrice is null ? 0 : TensorAddress.Of(perPrice, ScalarType.Float64, Shape.Experts, nameof(perPrice));
        var needed = (int)Math.Ceiling(bound * (1 + GuardMargin) * ShareUnit);
        nint trips = 0;
        var arguments = stackalloc void*[] { &z, &b, &tokens, &bound, &needed, &prices, &e, &w, &r, &trips };
        _driver.Launch(function, 1, (warps <= 8 ? 8 : warps <= 16 ? 16 : 32) * WarpSize, arguments);
    }

    /// <summary>Device seconds of one run of an action that launches on the default stream, over <paramref name="count"/> runs.</summary>
    public double SecondsOf(Action action, int count)
    {
        ArgumentNullException.ThrowIfNull(action);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);

        return _driver.SecondsOf(action, count);
    }

    private int Tokens(Tensor logits, double bound)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (logits.dim() != 2 || logits.shape[1] != Shape.Experts || logits.shape[0] < 1)
        {
            throw new ArgumentException($"logits must be [tokens, {Shape.Experts}], not [{string.Join(", ", logits.shape)}].", nameof(logits));
        }

        return bound is >= 0 and <= 1 ? checked((int)logits.shape[0])
            : throw new ArgumentOutOfRangeException(nameof(bound), bound, "The guard keeps a share of gate mass in [0, 1].");
    }

    private (nint Logits, nint Bias, nint Experts, nint Weights, nint Retained) Addresses(
        Tensor logits, Tensor? bias, Tensor experts, Tensor weights, Tensor retained, int tokens) => (
        TensorAddress.Of(logits, ScalarType.Float32, (long)tokens * Shape.Experts, nameof(logits)),
        bias is null ? 0 : TensorAddress.Of(bias, ScalarType.Float32, Shape.Experts, nameof(bias)),
        TensorAddress.Of(experts, ScalarType.Int32, (long)tokens * Shape.TopK, nameof(experts)),
        TensorAddress.Of(weights, ScalarType.Float32, (long)tokens * Shape.TopK, nameof(weights)),
        TensorAddress.Of(retained, ScalarType.Float32, tokens, nameof(retained)));

    private (nint Guarded, nint Consolidate) Kernels(int warps, int tokensPerWarp) => _kernels.GetOrAdd((warps, tokensPerWarp), key =>
    {
        // Defined in the text, not by options: the compiler's own headers, read first, use such short names too.
        var constants = string.Create(CultureInfo.InvariantCulture, $"#define E {Shape.Experts}\n#define K {Shape.TopK}\n#define W {key.Warps}\n#define T {key.TokensPerWarp}\n#line 1\n");

        // No contraction of a product and a sum that the CPU rounds apart.
        var image = _compiler.Compile(constants + RouteKernelSource.Text, RouteKernelSource.Name, [$"--gpu-architecture={_driver.Architecture}", "--fmad=false", "--std=c++17"]);
        var module = _driver.LoadModule(image);
        return (_driver.Function(module, "guarded"), _driver.Function(module, "consolidate"));
    });
}
