namespace EnergyTTT.Routing.Thermal;

/// <summary>How one kind of forecast has done at one horizon, and the half-width of its 90 % band.</summary>
/// <remarks>
/// The half-width is <c>q * rms</c>: rms is the running root mean square of the residuals, and q follows the quantile by adaptive conformal inference,
/// <c>ln q += gamma (miss - 0.1)</c>, so that 90 % is reached whatever the shape of the errors and whatever changes (Gibbs and Candes, arXiv 2106.00170).
/// </remarks>
internal struct ForecastScore
{
    public const int SnapshotLength = 5;

    // 1.645: the 90 % quantile of normal residuals, before anything is known.
    private const double NormalQuantile = 1.645;
    private const double MissShare = 0.1;

    // The first guess counts as much as this many residuals; residuals a second apart are nearly copies of each other.
    private const double GuessWeight = 5;

    // The band follows the last two minutes; the published mean error the last quarter of an hour.
    private const double BandMemory = 100;
    private const double Memory = 900;

    private double _absolute, _absoluteWeight, _square, _squareWeight, _logQuantile;

    public ForecastScore(double guessCelsius) =>
        (_square, _squareWeight, _logQuantile) = (guessCelsius * guessCelsius, GuessWeight, Math.Log(NormalQuantile));

    /// <summary>Running mean absolute error, or null before the first residual.</summary>
    public readonly double? MeanAbsolute => _absoluteWeight > 0 ? _absolute : null;

    /// <summary>Half-width of the 90 % band.</summary>
    public readonly double HalfWidth => Math.Exp(_logQuantile) * Math.Sqrt(_square);

    /// <summary>Takes a residual and the half-width that had been issued with the forecast.</summary>
    /// <param name="horizonSeconds">The longer the horizon the later the answer comes: the step is smaller, or it would overshoot.</param>
    public void Add(double residual, double issuedHalfWidth, double horizonSeconds)
    {
        var size = Math.Abs(residual);
        _absoluteWeight = Math.Min(_absoluteWeight + 1, Memory);
        _absolute += (size - _absolute) / _absoluteWeight;
        _squareWeight = Math.Min(_squareWeight + 1, BandMemory);
        _square += (size * size - _square) / _squareWeight;
        var gamma = 2 / (10 + horizonSeconds);
        _logQuantile = Math.Clamp(_logQuantile + gamma * ((size > issuedHalfWidth ? 1 : 0) - MissShare), -1.5, 2);
    }

    public readonly void Snapshot(Span<double> values) =>
        (values[0], values[1], values[2], values[3], values[4]) = (_absolute, _absoluteWeight, _square, _squareWeight, _logQuantile);

    public void Restore(ReadOnlySpan<double> values) =>
        (_absolute, _absoluteWeight, _square, _squareWeight, _logQuantile) = (values[0], values[1], values[2], values[3], values[4]);
}
