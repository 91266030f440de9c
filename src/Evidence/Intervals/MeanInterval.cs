namespace EnergyTTT.Evidence.Intervals;

/// <summary>The mean of independent values with its interval. With fewer than two values the interval is infinite: one value proves nothing.</summary>
/// <param name="Mean">Arithmetic mean; NaN of no values.</param>
/// <param name="Low">Lower end; minus infinity with fewer than two values.</param>
/// <param name="High">Upper end; infinity with fewer than two values.</param>
/// <param name="Deviation">Sample standard deviation (n - 1); NaN with fewer than two values.</param>
/// <param name="Count">n.</param>
public readonly record struct MeanInterval(double Mean, double Low, double High, double Deviation, int Count)
{
    /// <summary><c>mean +- t s / sqrt(n)</c>, t the <c>(1 + confidence) / 2</c> quantile of Student's t with n - 1 degrees of freedom.</summary>
    /// <param name="values">Independent, roughly normal values.</param>
    /// <param name="confidence">Inside 0 to 1, such as 0.95.</param>
    /// <exception cref="ArgumentException">A value is not finite.</exception>
    public static MeanInterval TwoSided(ReadOnlySpan<double> values, double confidence) => Of(values, (1 + confidence) / 2);

    /// <summary>The same with each end a one-sided bound at the given confidence.</summary>
    public static MeanInterval OneSided(ReadOnlySpan<double> values, double confidence) => Of(values, confidence);

    private static MeanInterval Of(ReadOnlySpan<double> values, double quantile)
    {
        // Welford: log ratios are small differences.
        double mean = 0, squares = 0;
        var n = 0;
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
            {
                throw new ArgumentException($"value {n} is {value}: finite values expected", nameof(values));
            }

            n++;
            var difference = value - mean;
            mean += difference / n;
            squares += difference * (value - mean);
        }

        if (n < 2)
        {
            return new(n == 0 ? double.NaN : mean, double.NegativeInfinity, double.PositiveInfinity, double.NaN, n);
        }

        var deviation = Math.Sqrt(squares / (n - 1));
        var half = StudentT.Quantile(quantile, n - 1) * deviation / Math.Sqrt(n);
        return new(mean, mean - half, mean + half, deviation, n);
    }
}
