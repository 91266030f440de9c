using System.Runtime.InteropServices;
using EnergyTTT.Routing.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>
/// The small SwiGLU network that learns at inference time, <c>f(x) = W1 [silu(W0 x) * (W2 x)]</c>, with Muon or AdamW and row norms that
/// never change: f is a direction, how far to go is decided elsewhere. Not thread-safe; never leaves its room, only spans do.
/// </summary>
public sealed class FastWeightNetwork : IDisposable
{
    /// <summary>Below this Frobenius norm a momentum is noise: orthogonalising it would blow it up to a full step.</summary>
    public const double SmallestMomentum = 1e-12;

    private const double RowNormFloor = 1e-5;
    private readonly FastWeightOptions _options;
    private readonly Device _device;
    private Tensor _stacked; // W0 over W2 [2 hidden, inputs]
    private Tensor _outputs; // W1 [experts, hidden]
    private Tensor _stackedNorms; // [2 hidden, 1]
    private Tensor _outputNorms; // [experts, 1]
    private Moments? _momentum;
    private Moments? _second;

    /// <summary>A fresh network: weights N(0, 1/fan_in) from the seed, no momentum.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The shape is the default value, or an option is out of range.</exception>
    /// <exception cref="DllNotFoundException">No libtorch on this machine.</exception>
    public FastWeightNetwork(FastWeightShape shape, FastWeightOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(shape.Experts, nameof(shape));
        _options = options ?? new();
        _options.Check();
        TorchLibrary.Load();
        Shape = shape;
        _device = _options.OnCuda ? CUDA : CPU;
        var random = new Random(_options.Seed);
        var weights = shape.Hidden * shape.Inputs;
        float[] stacked = new float[2 * weights], outputs = new float[shape.Experts * shape.Hidden];
        Normal(random, stacked, 1 / Math.Sqrt(shape.Inputs));
        Normal(random, outputs, 1 / Math.Sqrt(shape.Hidden));
        (_stacked, _outputs) = (Keep(Matrix(stacked, 2 * shape.Hidden, shape.Inputs)), Keep(Matrix(outputs, shape.Experts, shape.Hidden)));
        (_stackedNorms, _outputNorms) = (Keep(RowNorms(_stacked)), Keep(RowNorms(_outputs)));
    }

    /// <summary>The sizes.</summary>
    public FastWeightShape Shape { get; }

    /// <summary>Updates that were applied.</summary>
    public long Step { get; private set; }

    /// <summary><c>f(x)</c> of each row with the weights as they are; changes nothing.</summary>
    /// <param name="features">x <c>[rows, inputs]</c>, row-major.</param>
    /// <param name="result">f(x) <c>[rows, experts]</c>, row-major.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the shape.</exception>
    public void Apply(ReadOnlySpan<float> features, Span<float> result)
    {
        var rows = Rows(features.Length, Shape.Inputs, nameof(features));
        if (result.Length != rows * Shape.Experts)
            throw new ArgumentException($"room for {result.Length} numbers, {rows} rows x {Shape.Experts} experts expected", nameof(result));

        using var scope = NewDisposeScope();
        SwiGlu.Apply(_stacked, _outputs, Matrix(features, rows, Shape.Inputs)).cpu().data<float>().CopyTo(result);
    }

    /// <summary>
    /// One update: ascent direction of <c>sum_i r_i f(k_i) . v_i</c> over the rows of a chunk, momentum <c>M = dW + momentum M</c>, then Muon
    /// (<c>W += step NS(M)</c>) or AdamW, then every row back to its initial norm.
    /// </summary>
    /// <param name="keys">k, the features <c>[rows, inputs]</c>.</param>
    /// <param name="values">v = -dL/db <c>[rows, experts]</c>.</param>
    /// <param name="rates">r0, r2, r1 per row <c>[rows, 3]</c>; empty = 1 everywhere.</param>
    /// <param name="scale">Dimensionless factor on the options' step, 0 or more (indifference x urgency x validity). 0 is a no-op.</param>
    /// <param name="momentum">Share of momentum kept, instead of the options' (LaCT's chunk mean).</param>
    /// <returns>What was done; a no-op when nothing is to be learned or a number is not finite, and then nothing has changed, momentum included.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit the shape.</exception>
    /// <remarks>Source: "Test-Time Training Done Right" (LaCT); router specification 1 and 3.5.</remarks>
    public FastWeightUpdate Update(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, ReadOnlySpan<float> rates = default, double scale = 1, double? momentum = null)
    {
        var rows = Rows(keys.Length, Shape.Inputs, nameof(keys));
        if (Rows(values.Length, Shape.Experts, nameof(values)) != rows)
            throw new ArgumentException($"{rows} rows of keys but {values.Length / Shape.Experts} rows of values", nameof(values));
        if (!rates.IsEmpty && rates.Length != 3 * rows)
            throw new ArgumentException($"{rates.Length} rates, three for each of the {rows} rows expected", nameof(rates));
        if (!(scale > 0) || !double.IsFinite(scale))
            return new(false, $"the scale is {scale}", 0);

        using var scope = NewDisposeScope();
        var (dStacked, dOutputs) = SwiGlu.AscentDirections(
            _stacked, _outputs, Matrix(keys, rows, Shape.Inputs), Matrix(values, rows, Shape.Experts), rates.IsEmpty ? null : Matrix(rates, rows, 3));
        var gradientNorm = Math.Sqrt(Squares(dStacked) + Squares(dOutputs));
        if (!double.IsFinite(gradientNorm))
            return new(false, "a feature, value or rate is not finite", gradientNorm);

        return _options.MuonEnabled
            ? StepByMuon(dStacked, dOutputs, scale, momentum ?? _options.Momentum, gradientNorm)
            : StepByAdam(dStacked, dOutputs, scale, gradientNorm);
    }

    /// <summary>A copy of everything.</summary>
    public FastWeightState Snapshot()
    {
        using var scope = NewDisposeScope();
        var stacked = ToArray(_stacked);
        var weights = Shape.Hidden * Shape.Inputs;
        return new(
            Shape, Optimiser, Step, stacked[..weights], stacked[weights..], ToArray(_outputs), [.. ToArray(_stackedNorms), .. ToArray(_outputNorms)],
            _momentum?.ToArray(), _second?.ToArray());
    }

    /// <summary>Takes over a snapshot, whole or not at all.</summary>
    /// <exception cref="ArgumentException">Another shape or optimiser, or a fault in the state (named).</exception>
    public void Restore(FastWeightState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Shape != Shape)
            throw new ArgumentException($"the snapshot is of {state.Shape}, this network of {Shape}", nameof(state));
        if (state.Optimiser != Optimiser && (state.Momentum is not null || state.SecondMoments is not null))
            throw new ArgumentException($"the snapshot holds moments of {state.Optimiser}, this network learns by {Optimiser}: drop its moments first", nameof(state));
        if (state.Fault() is { } fault)
            throw new ArgumentException($"the snapshot cannot be used: {fault}", nameof(state));

        Replace(ref _stacked, Matrix([.. state.Gates, .. state.Ups], 2 * Shape.Hidden, Shape.Inputs));
        Replace(ref _outputs, Matrix(state.Outputs, Shape.Experts, Shape.Hidden));
        Replace(ref _stackedNorms, Matrix(state.RowNorms.AsSpan(0, 2 * Shape.Hidden), 2 * Shape.Hidden, 1));
        Replace(ref _outputNorms, Matrix(state.RowNorms.AsSpan(2 * Shape.Hidden), Shape.Experts, 1));
        _momentum?.Dispose();
        _second?.Dispose();
        _momentum = Moments(state.Momentum);
        _second = Moments(state.SecondMoments);
        Step = state.Step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stacked.Dispose();
        _outputs.Dispose();
        _stackedNorms.Dispose();
        _outputNorms.Dispose();
        _momentum?.Dispose();
        _second?.Dispose();
        (_momentum, _second) = (null, null);
    }

    /// <summary>How it learns.</summary>
    public FastWeightOptimiser Optimiser => _options.MuonEnabled ? FastWeightOptimiser.Muon : FastWeightOptimiser.AdamW;

    private FastWeightUpdate StepByMuon(Tensor dStacked, Tensor dOutputs, double scale, double momentum, double gradientNorm)
    {
        var mStacked = _momentum is { } m ? dStacked.add(m.Stacked, alpha: momentum) : dStacked;
        var mOutputs = _momentum is { } n ? dOutputs.add(n.Outputs, alpha: momentum) : dOutputs;
        if (Math.Sqrt(Squares(mStacked) + Squares(mOutputs)) is var norm && !(norm >= SmallestMomentum && double.IsFinite(norm)))
            return new(false, $"the momentum has norm {norm:g3}", gradientNorm);

        var step = scale * _options.MuonStep;
        var pair = cat([Orthogonal(mStacked.narrow(0, 0, Shape.Hidden)), Orthogonal(mStacked.narrow(0, Shape.Hidden, Shape.Hidden))], 0); // W0 and W2 each on its own
        Replace(ref _stacked, Restored(_stacked.add(pair, alpha: step), _stackedNorms));
        Replace(ref _outputs, Restored(_outputs.add(Orthogonal(mOutputs), alpha: step), _outputNorms));
        _momentum?.Dispose();
        _momentum = new(Keep(mStacked), Keep(mOutputs));
        Step++;
        return new(true, null, gradientNorm);
    }

    private FastWeightUpdate StepByAdam(Tensor dStacked, Tensor dOutputs, double scale, double gradientNorm)
    {
        const double First = 0.9, Second = 0.999, Floor = 1e-8;
        if (gradientNorm < SmallestMomentum)
            return new(false, $"the gradient has norm {gradientNorm:g3}", gradientNorm);

        var rate = scale * _options.AdamRate;
        Step++;
        var (m, v) = (new Moments[1], new Moments[1]);
        m[0] = new(
            Keep(_momentum is { } a ? a.Stacked.mul(First).add_(dStacked, alpha: 1 - First) : dStacked.mul(1 - First)),
            Keep(_momentum is { } b ? b.Outputs.mul(First).add_(dOutputs, alpha: 1 - First) : dOutputs.mul(1 - First)));
        v[0] = new(
            Keep(_second is { } c ? c.Stacked.mul(Second).add_(dStacked.square(), alpha: 1 - Second) : dStacked.square().mul_(1 - Second)),
            Keep(_second is { } d ? d.Outputs.mul(Second).add_(dOutputs.square(), alpha: 1 - Second) : dOutputs.square().mul_(1 - Second)));
        double mBias = 1 - Math.Pow(First, Step), vBias = 1 - Math.Pow(Second, Step);

        // The directions ascend, so the step is added; decay pulls towards 0.
        Tensor Moved(Tensor weights, Tensor first, Tensor second) =>
            weights.mul(1 - (rate * _options.WeightDecay)).add_((first / mBias).div_((second / vBias).sqrt_().add_(Floor)), alpha: rate);
        Replace(ref _stacked, Restored(Moved(_stacked, m[0].Stacked, v[0].Stacked), _stackedNorms));
        Replace(ref _outputs, Restored(Moved(_outputs, m[0].Outputs, v[0].Outputs), _outputNorms));
        _momentum?.Dispose();
        _second?.Dispose();
        (_momentum, _second) = (m[0], v[0]);
        return new(true, null, gradientNorm);
    }

    /// <summary>Muon in bf16 where tensor cores are, in fp32 on a CPU.</summary>
    private Tensor Orthogonal(Tensor momentum) => _options.OnCuda
        ? NewtonSchulz.Orthogonalise((momentum / (momentum.norm() + NewtonSchulz.NormFloor)).bfloat16(), _options.Coefficients).to_type(ScalarType.Float32)
        : NewtonSchulz.Orthogonalise(momentum, _options.Coefficients);

    /// <summary>w (row) = w / (|w| + 1e-5) x initial norm.</summary>
    private static Tensor Restored(Tensor weights, Tensor norms) => weights.mul_(norms / (RowNorms(weights) + RowNormFloor));

    private static Tensor RowNorms(Tensor weights) => weights.norm(1, keepdim: true, p: 2);

    private static double Squares(Tensor values) => values.square().sum().item<float>();

    private static void Replace(ref Tensor field, Tensor value)
    {
        var old = field;
        field = Keep(value);
        old.Dispose();
    }

    /// <summary>Row-major, so that a restored copy is multiplied in the same order as the original and gives the same bits.</summary>
    private static Tensor Keep(Tensor value)
    {
        if (value.is_contiguous())
            return value.DetachFromDisposeScope();
        using (value)
            return value.contiguous().DetachFromDisposeScope();
    }

    private Moments? Moments(float[]? values)
    {
        if (values is null)
            return null;
        var stacked = 2 * Shape.Hidden * Shape.Inputs;
        return new(
            Keep(Matrix(values.AsSpan(0, stacked), 2 * Shape.Hidden, Shape.Inputs)), Keep(Matrix(values.AsSpan(stacked), Shape.Experts, Shape.Hidden)));
    }

    /// <summary>In torch's own memory: a tensor over a managed array has any alignment, and the last bits of a product depend on it.</summary>
    private Tensor Matrix(ReadOnlySpan<float> values, int rows, int columns)
    {
        var matrix = empty(rows, columns);
        MemoryMarshal.AsBytes(values).CopyTo(matrix.bytes);
        return _options.OnCuda ? matrix.to(_device) : matrix;
    }

    private static float[] ToArray(Tensor values) => values.cpu().contiguous().data<float>().ToArray();

    private static int Rows(int length, int columns, string name) => length > 0 && length % columns == 0
        ? length / columns
        : throw new ArgumentException($"{length} numbers are no whole, non-zero number of rows of {columns}", name);

    private static void Normal(Random random, Span<float> values, double deviation)
    {
        for (var i = 0; i < values.Length; i++)
        {
            // Box-Muller on (0, 1]: same numbers on every platform, unlike a device's own generator.
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
    }
}
