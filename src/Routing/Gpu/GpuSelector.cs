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
public sealed class GpuSelector : IDisposable
{
    private const double GuardMargin = 1e-6;
    private const int ShareUnit = 1 << 28;
    private const int WarpSize = 32;
    private const int WarpsPerBlock = 4;
    private const int BlockThreads = 256;
    private const int DispatchBytes = 32 * 1024;
    private const int DemandMode = 0, MarginalMode = 1, ActivateMode = 2;
    private const int SharedBytes = 216 * 1024;
    private readonly CudaDriver _driver;
    private readonly nint _guarded;
    private readonly nint _consolidate;
    private readonly nint _dispatch;
    private ConsolidationScratch? _scratch;

    /// <summary>Prepares the kernels of a gate.</summary>
    /// <param name="shape">A softmax gate without groups whose bias is added to logits and whose weights are renormalised; at most 256 experts, k at most 32.</param>
    /// <param name="device">Index of the CUDA device.</param>
    /// <exception cref="NotSupportedException">The gate is of another kind; the message says which and what to use instead.</exception>
    /// <exception cref="DllNotFoundException">There is no NVIDIA driver, or no NVRTC.</exception>
    public GpuSelector(SelectorShape shape, int device = 0)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Gate != GateKind.Softmax || shape.IsGrouped || shape.BiasSpace != BiasSpace.Logit || !shape.Renormalise || shape.Experts > BlockThreads || shape.TopK > WarpSize)
        {
            throw new NotSupportedException(
                $"The GPU kernels route softmax gates with a bias on logits, no groups, renormalised weights, up to 256 experts and k up to 32; this is {shape}. Use the selector on the CPU.");
        }

        Shape = shape;
        var library = TorchLibrary.Load();
        if (!library.CudaLoaded)
        {
            throw new NotSupportedException($"libtorch in {library.Folder.Path} has no CUDA half that loads ({library.CudaProblem ?? "CPU build"}): set ENERGYTTT_LIBTORCH to the lib folder of a PyTorch for CUDA.");
        }

        InitializeDeviceType(DeviceType.CUDA);
        _driver = CudaDriver.Open(device);

        // Defined in the text, not by options: the compiler's own headers, read first, use such short names too.
        var constants = string.Create(CultureInfo.InvariantCulture, $"#define E {shape.Experts}\n#define K {shape.TopK}\n#define B {BlockThreads}\n#line 1\n");

        // No contraction of a product and a sum that the CPU rounds apart.
        var image = NvrtcCompiler.Load(library.Folder.Path)
            .Compile(constants + RouteKernelSource.Text, RouteKernelSource.Name, [$"--gpu-architecture={_driver.Architecture}", "--fmad=false", "--std=c++17"]);
        var module = _driver.LoadModule(image);
        _guarded = _driver.Function(module, "guarded");
        _consolidate = _driver.Function(module, "consolidate");
        _dispatch = _driver.Function(module, "dispatch");
        _driver.AllowSharedMemory(_consolidate, SharedBytes);
    }

    /// <summary>What the gate looks like.</summary>
    public SelectorShape Shape { get; }

    /// <summary>The most tokens of one consolidated batch: one thread each, and six bytes of shared memory for each of their experts.</summary>
    public int MaximumBatch => Math.Min(BlockThreads, SharedBytes / (6 * Shape.Experts));

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
        var (z, b, e, w, r) = Addresses(logits, bias, experts, weights, retained, tokens);
        nint trips = 0;
        var arguments = stackalloc void*[] { &z, &b, &tokens, &bound, &e, &w, &r, &trips };
        _driver.Launch(_guarded, (tokens + WarpsPerBlock - 1) / WarpsPerBlock, WarpsPerBlock * WarpSize, 0, arguments);
    }

    /// <summary>Greedy consolidation of one batch, after the guarded choice, in one kernel.</summary>
    /// <param name="logits">[tokens, experts] float32, at most <see cref="MaximumBatch"/> tokens.</param>
    /// <param name="bias">[experts] float32 or null.</param>
    /// <param name="bound">The least share of its gate mass that any token keeps, in [0, 1].</param>
    /// <param name="experts">Receives [tokens, k] int32; -1 for an unused slot.</param>
    /// <param name="weights">Receives [tokens, k] float32.</param>
    /// <param name="retained">Receives [tokens] float32.</param>
    /// <param name="perPrice">[experts] float64: mean price over price of each expert (positive infinity where it is free), or null for equal prices.</param>
    public void Consolidate(Tensor logits, Tensor? bias, double bound, Tensor experts, Tensor weights, Tensor retained, Tensor? perPrice = null) =>
        Together(DemandMode, 0, 0, logits, bias, bound, experts, weights, retained, perPrice);

    /// <summary>Marginal consolidation of one batch, after the guarded choice, in one kernel: always the expert leaves whose leaving costs least.</summary>
    /// <param name="massPerExpert">Greatest cost of avoiding one expert of mean price, in shares of one token's mass, summed over tokens; positive infinity leaves only the bound.</param>
    /// <inheritdoc cref="Consolidate"/>
    public void Marginal(Tensor logits, Tensor? bias, double bound, double massPerExpert, Tensor experts, Tensor weights, Tensor retained, Tensor? perPrice = null) =>
        Together(MarginalMode, 0, massPerExpert * ShareUnit, logits, bias, bound, experts, weights, retained, perPrice);

    /// <summary>Opportunistic activation of one batch in one kernel, without a guard: each token brings its best <paramref name="ownExperts"/> and takes its best k of all that were brought.</summary>
    /// <inheritdoc cref="Consolidate"/>
    public void Activate(Tensor logits, int ownExperts, Tensor experts, Tensor weights, Tensor retained) =>
        Together(ActivateMode, ownExperts, 0, logits, null, 0, experts, weights, retained, null);

    /// <summary>Sorts the rows of a choice by expert for grouped products, and counts what a learner is told, in one kernel.</summary>
    /// <param name="experts">[tokens, k] int32, -1 for an unused slot.</param>
    /// <param name="retained">[tokens] float32.</param>
    /// <param name="logits">[tokens, experts] float32.</param>
    /// <param name="ends">Receives [experts] int32: rows up to and with each expert.</param>
    /// <param name="source">Receives [tokens k] int64: the token of each row.</param>
    /// <param name="back">Receives [tokens k] int64: the row of each slot; an unused slot points at its token's first.</param>
    /// <param name="counts">[experts] int64, added to.</param>
    /// <param name="totals">[4] float64, added to: steps, distinct experts, retained mass; the last is the least retained mass.</param>
    /// <param name="sample">[steps, tokens, experts] float32: a ring of the latest steps' logits; null keeps none.</param>
    public unsafe void Dispatch(Tensor experts, Tensor retained, Tensor logits, Tensor ends, Tensor source, Tensor back, Tensor counts, Tensor totals, Tensor? sample)
    {
        var tokens = Tokens(logits, 0);
        var slots = (long)tokens * Shape.TopK;
        if (slots * sizeof(int) > DispatchBytes)
        {
            throw new ArgumentException($"One block sorts up to {DispatchBytes / sizeof(int)} slots, not {tokens} x {Shape.TopK}.", nameof(logits));
        }

        var ring = sample is null ? 0 : checked((int)sample.shape[0]);
        var (x, r, z) = (TensorAddress.Of(experts, ScalarType.Int32, slots, nameof(experts)), TensorAddress.Of(retained, ScalarType.Float32, tokens, nameof(retained)),
            TensorAddress.Of(logits, ScalarType.Float32, (long)tokens * Shape.Experts, nameof(logits)));
        var (n, s, b) = (TensorAddress.Of(ends, ScalarType.Int32, Shape.Experts, nameof(ends)), TensorAddress.Of(source, ScalarType.Int64, slots, nameof(source)),
            TensorAddress.Of(back, ScalarType.Int64, slots, nameof(back)));
        var (c, t, p) = (TensorAddress.Of(counts, ScalarType.Int64, Shape.Experts, nameof(counts)), TensorAddress.Of(totals, ScalarType.Float64, 4, nameof(totals)),
            sample is null ? 0 : TensorAddress.Of(sample, ScalarType.Float32, (long)ring * tokens * Shape.Experts, nameof(sample)));
        var arguments = stackalloc void*[] { &x, &r, &z, &tokens, &n, &s, &b, &c, &t, &p, &ring };
        _driver.Launch(_dispatch, 1, BlockThreads, (int)(slots * sizeof(int)), arguments);
    }

    private unsafe void Together(int mode, int own, double limit, Tensor logits, Tensor? bias, double bound, Tensor experts, Tensor weights, Tensor retained, Tensor? perPrice)
    {
        var tokens = Tokens(logits, bound);
        if (tokens > MaximumBatch || Shape.Experts % 16 != 0)
        {
            throw new ArgumentException(
                $"One block consolidates up to {MaximumBatch} tokens of a multiple of 16 experts, not {tokens} of {Shape.Experts}: consolidate micro-batches, or use the CPU.", nameof(logits));
        }

        if (_scratch is null || _scratch.Tokens < tokens)
        {
            _scratch?.Dispose();
            _scratch = new ConsolidationScratch(Shape.Experts, Math.Max(BlockThreads, tokens));
        }

        var (z, b, e, w, r) = Addresses(logits, bias, experts, weights, retained, tokens);
        var prices = perPrice is null ? 0 : TensorAddress.Of(perPrice, ScalarType.Float64, Shape.Experts, nameof(perPrice));
        var needed = (int)Math.Ceiling(bound * (1 + GuardMargin) * ShareUnit);
        nint trips = 0;
        var scratch = stackalloc nint[ConsolidationScratch.Count];
        _scratch.Addresses.CopyTo(new Span<nint>(scratch, ConsolidationScratch.Count));
        var arguments = stackalloc void*[13 + ConsolidationScratch.Count];
        arguments[0] = &z;
        arguments[1] = &b;
        arguments[2] = &tokens;
        arguments[3] = &bound;
        arguments[4] = &needed;
        arguments[5] = &prices;
        arguments[6] = &e;
        arguments[7] = &w;
        arguments[8] = &r;
        arguments[9] = &trips;
        for (var i = 0; i < ConsolidationScratch.Count; i++)
        {
            arguments[10 + i] = &scratch[i];
        }

        arguments[10 + ConsolidationScratch.Count] = &mode;
        arguments[11 + ConsolidationScratch.Count] = &own;
        arguments[12 + ConsolidationScratch.Count] = &limit;
        _driver.Launch(_consolidate, tokens, BlockThreads, 6 * tokens * Shape.Experts, arguments);
    }

    /// <summary>The device's queue: where kernels go, and events in it.</summary>
    internal CudaDriver Driver => _driver;

    /// <summary>Gives the scratch memory back.</summary>
    public void Dispose() => _scratch?.Dispose();

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
}
