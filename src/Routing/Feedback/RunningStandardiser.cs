namespace EnergyTTT.Routing.Feedback;

/// <summary>
/// Running mean and variance of each feature with exponential forgetting, and the standardised value <c>(x - mean) / max(std, floor)</c>, clamped. Missing values (NaN) neither count nor
/// move anything: they standardise to 0. Not thread-safe.
/// </summary>
/// <remarks>Source: Welford 1962 in the form of West 1979 with weights; the total weight is capped at 1 / (1 - decay).</remarks>
public sealed class RunningStandardiser
{
    private readonly double _decay, _floor, _clamp;
    private readonly double[] _mean, _variance, _weight;

    /// <summary>Starts knowing nothing.</summary>
    public RunningStandardiser(int features, double decay = 0.999, double floor = 1e-3, double clamp = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        (_decay, _floor, _clamp) = (decay, floor, clamp);
        (_mean, _variance, _weight) = (new double[features], new double[features], new double[features]);
    }

    /// <summary>Number of features.</summary>
    public int Features => _mean.Length;

    /// <summary>Running means, <c>[features]</c>.</summary>
    public ReadOnlySpan<double> Mean => _mean;

    /// <summary>Running variances, <c>[features]</c>.</summary>
    public ReadOnlySpan<double> Variance => _variance;

    /// <summary>Weights behind each mean, <c>[features]</c>: 0 to 1 / (1 - decay).</summary>
    public ReadOnlySpan<double> Weight => _weight;

    /// <summary>Takes one row into mean and variance.</summary>
    public void Observe(ReadOnlySpan<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Features);
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                continue;
            }

            // w := decay w + 1; mean += d / w; var := (1 - 1/w) (var + d^2 / w)
            var weight = _decay * _weight[i] + 1;
            var difference = values[i] - _mean[i];
            _mean[i] += difference / weight;
            _variance[i] = (1 - 1 / weight) * (_variance[i] + difference * difference / weight);
            _weight[i] = weight;
        }
    }

    /// <summary>Standardises a row by what is known now; 0 for missing values and before the first row.</summary>
    public void Apply(ReadOnlySpan<double> values, Span<double> standardised)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Features);
        ArgumentOutOfRangeException.ThrowIfNotEqual(standardised.Length, Features);
        for (var i = 0; i < values.Length; i++)
        {
            standardised[i] = !double.IsFinite(values[i]) || _weight[i] == 0
                ? 0
                : Math.Clamp((values[i] - _mean[i]) / Math.Max(Math.Sqrt(_variance[i]), _floor), -_clamp, _clamp);
        }
    }

    /// <summary>Means, variances and weights one after the other, <c>[3 x features]</c>.</summary>
    public double[] Snapshot() => [.. _mean, .. _variance, .. _weight];

    /// <summary>Puts a snapshot back.</summary>
    /// <exception cref="ArgumentException">Another length, a value that is not finite, or a negative variance or weight.</exception>
    public void Restore(ReadOnlySpan<double> snapshot)
    {
        if (snapshot.Length != 3 * Features)
        {
            throw new ArgumentException($"{snapshot.Length} values for {Features} features: {3 * Features} expected", nameof(snapshot));
        }

        for (var i = 0; i < snapshot.Length; i++)
        {
            if (!double.IsFinite(snapshot[i]) || i >= Features && snapshot[i] < 0)
            {
                throw new ArgumentException($"value {i} of the snapshot is {snapshot[i]}: finite, and 0 or more for variances and weights, expected", nameof(snapshot));
            }
        }

        snapshot[..Features].CopyTo(_mean);
        snapshot[Features..(2 * Features)].CopyTo(_variance);
        snapshot[(2 * Features)..].CopyTo(_weight);
    }
}
