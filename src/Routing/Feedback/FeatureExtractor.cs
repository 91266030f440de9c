namespace EnergyTTT.Routing.Feedback;

/// <summary>
/// Turns the feedback of one step into the feature vector x of the fast weights: raw features are standardised by their own history, clamped, projected by a fixed orthogonal map and
/// brought to length 1. Missing blocks are the running mean (0) and set a mask bit. Not thread-safe; nothing is allocated per step.
/// </summary>
/// <remarks>
/// Source: router specification, 3.2. Standardising comes before projecting, because only then is a missing block exactly neutral (docs/decisions/0071).
/// </remarks>
public sealed class FeatureExtractor
{
    // gradient mean and deviation, activation mean, loss, telemetry
    private const int Scalars = 4 + TelemetryFeatures.Count;

    // phase one-hot, and one bit per block that can be missing: these stay 0 and 1, since a bit that is rare would be blown up by its own small deviation
    private const int Bits = 2 + 7;

    private readonly FeedbackOptions _options;
    private readonly double[] _raw, _standardised, _projected;

    /// <summary>Starts with no history.</summary>
    public FeatureExtractor(int experts, FeedbackOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        _options = options ?? new();
        Experts = experts;
        var measured = 3 * experts + Scalars;
        (_raw, _standardised, _projected) = (new double[measured + Bits], new double[measured + Bits], new double[_options.Dimension]);
        Projection = new(measured + Bits, _options.Dimension, _options.Seed);
        Standardiser = new(measured, _options.Decay, _options.DeviationFloor, _options.Clamp);
    }

    /// <summary>Number of experts.</summary>
    public int Experts { get; }

    /// <summary>Length of the feature vector.</summary>
    public int Dimension => _options.Dimension;

    /// <summary>The fixed map, with the seed and digest that a snapshot names.</summary>
    public OrthogonalProjection Projection { get; }

    /// <summary>Running mean and variance of the raw features that are measured, with the state that a snapshot holds.</summary>
    public RunningStandardiser Standardiser { get; }

    /// <summary>Learns from one step and writes its feature vector.</summary>
    /// <param name="step">What is known.</param>
    /// <param name="features">Receives x, <c>[dimension]</c>, of length 1 (or 0 when every block is missing or equals its mean).</param>
    /// <returns>Which blocks were missing.</returns>
    /// <exception cref="ArgumentException">A block has another number of values than experts.</exception>
    public FeatureMask Extract(in StepFeedback step, Span<float> features)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(features.Length, _options.Dimension);
        var missing = Fill(step);
        var measured = Standardiser.Features;
        Standardiser.Observe(_raw.AsSpan(0, measured));
        Standardiser.Apply(_raw.AsSpan(0, measured), _standardised.AsSpan(0, measured));
        _raw.AsSpan(measured).CopyTo(_standardised.AsSpan(measured));
        Projection.Apply(_standardised, _projected);

        double squares = 0;
        foreach (var value in _projected)
        {
            squares += value * value;
        }

        var scale = 1 / (Math.Sqrt(squares) + _options.NormEpsilon);
        for (var i = 0; i < features.Length; i++)
        {
            features[i] = (float)(_projected[i] * scale);
        }

        return missing;
    }

    private FeatureMask Fill(in StepFeedback step)
    {
        var missing = FeatureMask.None;
        Span<double> counts = _raw.AsSpan(0, Experts), gate = _raw.AsSpan(Experts, Experts), price = _raw.AsSpan(2 * Experts, Experts), scalars = _raw.AsSpan(3 * Experts);
        missing |= Counts(step.ExpertCounts, counts) ? 0 : FeatureMask.Counts;
        missing |= Gate(step.MeanGateProbability, gate) ? 0 : FeatureMask.GateProbability;
        missing |= Price(step.MarginalJoules, price) ? 0 : FeatureMask.MarginalCost;

        scalars[0] = step.Context?.GradientMean ?? double.NaN;
        scalars[1] = step.Context?.GradientDeviation ?? double.NaN;
        scalars[2] = step.Context?.ActivationEnergyMean ?? double.NaN;
        scalars[3] = step.Context?.Loss ?? double.NaN;
        step.Telemetry.CopyTo(scalars[4..]);
        missing |= double.IsNaN(scalars[0]) ? FeatureMask.Gradients : 0;
        missing |= double.IsNaN(scalars[2]) ? FeatureMask.Activations : 0;
        missing |= double.IsNaN(scalars[3]) ? FeatureMask.Loss : 0;
        missing |= HasGap(scalars.Slice(4, TelemetryFeatures.Count)) ? FeatureMask.Telemetry : 0;

        var phase = scalars[Scalars..];
        phase[0] = step.Phase == EnginePhase.Decode ? 1 : 0;
        phase[1] = step.Phase == EnginePhase.Prefill ? 1 : 0;
        for (var bit = 0; bit < 7; bit++)
        {
            phase[2 + bit] = ((int)missing >> bit) & 1;
        }

        return missing;
    }

    // log1p(n_e / mean n)
    private static bool Counts(ReadOnlySpan<long> counts, Span<double> raw)
    {
        long sum = 0;
        RequireLength(counts.Length, raw.Length, "counts");
        foreach (var count in counts)
        {
            sum += count;
        }

        if (sum <= 0)
        {
            raw.Fill(double.NaN);
            return false;
        }

        for (var e = 0; e < raw.Length; e++)
        {
            raw[e] = Math.Log(1 + Math.Max(counts[e], 0) * (double)raw.Length / sum);
        }

        return true;
    }

    // ln(p_e / mean p), from -12 upwards: an expert that the gate never wants must not be minus infinity
    private static bool Gate(ReadOnlySpan<float> probabilities, Span<double> raw)
    {
        double sum = 0;
        RequireLength(probabilities.Length, raw.Length, "gate probabilities");
        foreach (var p in probabilities)
        {
            sum += p;
        }

        if (!(sum > 0) || !double.IsFinite(sum))
        {
            raw.Fill(double.NaN);
            return false;
        }

        for (var e = 0; e < raw.Length; e++)
        {
            raw[e] = Math.Max(Math.Log(probabilities[e] * raw.Length / sum), -12);
        }

        return true;
    }

    // standardised across experts: what matters is which expert is dear, not the unit
    private static bool Price(ReadOnlySpan<double> joules, Span<double> raw)
    {
        RequireLength(joules.Length, raw.Length, "marginal costs");
        if (joules.IsEmpty)
        {
            raw.Fill(double.NaN);
            return false;
        }

        double mean = 0, squares = 0;
        foreach (var value in joules)
        {
            mean += value / joules.Length;
        }

        foreach (var value in joules)
        {
            squares += (value - mean) * (value - mean) / joules.Length;
        }

        if (!double.IsFinite(squares))
        {
            raw.Fill(double.NaN);
            return false;
        }

        var deviation = Math.Sqrt(squares);
        for (var e = 0; e < raw.Length; e++)
        {
            raw[e] = deviation > 1e-12 * Math.Abs(mean) ? (joules[e] - mean) / deviation : 0;
        }

        return true;
    }

    private static bool HasGap(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (double.IsNaN(value))
            {
                return true;
            }
        }

        return false;
    }

    private static void RequireLength(int given, int experts, string what)
    {
        if (given != 0 && given != experts)
        {
            throw new ArgumentException($"{given} {what} for {experts} experts: one per expert expected, or none at all");
        }
    }
}
