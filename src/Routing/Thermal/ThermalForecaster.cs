namespace EnergyTTT.Routing.Thermal;

/// <summary>
/// Learns how one GPU heats up and foretells its temperature, on line and from the past alone: <c>T = T0 + sum_i R_i lp(P, tau_i)</c>, where lp is the first-order low-pass of
/// the power, R_i in degrees Celsius per watt is kept positive, and T0 is the coolant. Every forecast starts from the measured temperature: what the model misses now decays with the
/// slow pole. Scores itself against persistence as time passes. Not thread-safe; nothing is allocated per call; about 5 KB each.
/// </summary>
/// <remarks>Source: router specification, 3.4; the estimator is ours, derived in docs/decisions/0070.</remarks>
public sealed class ThermalForecaster
{
    /// <summary>The greatest horizon, in seconds.</summary>
    public const double GreatestHorizonSeconds = 600;

    /// <summary>Version of <see cref="Snapshot"/>; others are refused.</summary>
    private const double SnapshotVersion = 2;
    private const int HeaderLength = 3;
    private const double PooledSeconds = 0.95;

    private readonly ThermalForecasterOptions _options;
    private readonly ThermalFilter _filter;
    private readonly ForecastLedger _ledger;
    private double _time = double.NaN, _pooledUntil = double.NaN, _temperature;

    /// <summary>Starts from a generic card.</summary>
    public ThermalForecaster(ThermalForecasterOptions? options = null)
    {
        _options = options ?? new();
        _filter = new(_options);
        _ledger = new(Math.Max(_options.LimitCelsius - _options.CoolantCelsius, 5));
    }

    /// <summary>The horizons that are scored, in seconds.</summary>
    public static ReadOnlySpan<double> HorizonsSeconds => [5, 15, 30, 60];

    /// <summary>Length of a snapshot in numbers.</summary>
    public static int SnapshotLength => HeaderLength + ThermalFilter.SnapshotLength + ForecastLedger.SnapshotLength;

    /// <summary>Learned temperature of the coolant at the card, degrees Celsius.</summary>
    public double CoolantCelsius => _filter.CoolantCelsius;

    /// <summary>Learned rise per watt when settled, degrees Celsius per watt; 0 or more.</summary>
    public double ResistanceCelsiusPerWatt => _filter.Resistance;

    /// <summary>
    /// Takes the mean power since the previous reading and the temperature now. Readings that are not finite, negative power, temperatures outside -20 to 130 °C and time that does not
    /// advance are ignored. Power counts at whatever pace it comes;
    /// a temperature is learned from about once a second, since closer errors are not independent.
    /// </summary>
    /// <param name="timeSeconds">Any clock in seconds that does not step; only differences count.</param>
    /// <param name="powerWatts">Mean power of the interval that ends now, watts.</param>
    /// <param name="temperatureCelsius">Die temperature now, degrees Celsius.</param>
    /// <returns>Whether the reading was used.</returns>
    public bool Observe(double timeSeconds, double powerWatts, double temperatureCelsius)
    {
        if (!double.IsFinite(timeSeconds) || timeSeconds <= _pooledUntil || !(powerWatts >= 0 && powerWatts <= 100_000) || !(temperatureCelsius is >= -20 and <= 130))
        {
            return false;
        }

        var step = timeSeconds - _pooledUntil;
        _pooledUntil = timeSeconds;
        if (double.IsNaN(step) || step > _options.GapSeconds)
        {
            _filter.Start(powerWatts, temperatureCelsius);
            _ledger.Clear();
        }
        else
        {
            _filter.Flow(step, powerWatts);
            if (timeSeconds - _time < PooledSeconds)
            {
                return true;
            }

            _filter.Learn(timeSeconds - _time, step, powerWatts, temperatureCelsius);
        }

        (_time, _temperature) = (timeSeconds, temperatureCelsius);
        _ledger.Turn(timeSeconds, temperatureCelsius, _filter);
        return true;
    }

    /// <summary>The temperature after a horizon if power stays what it was over the last seconds; null before the first reading.</summary>
    /// <param name="horizonSeconds">0 to 600 s.</param>
    /// <exception cref="ArgumentOutOfRangeException">The horizon is outside 0 to 600 s.</exception>
    public ThermalForecast? Hold(double horizonSeconds)
    {
        RequireHorizon(horizonSeconds);
        return double.IsNaN(_time) ? null : Forecast(horizonSeconds, _filter.AtPower(horizonSeconds, _filter.HoldWatts), _ledger.Hold(Nearest(horizonSeconds)));
    }

    /// <summary>
    /// The temperature to expect after a horizon when nobody has told how power will go on; null before the first reading. Between "it stays as it is" and
    /// <see cref="Hold"/>, by how much of the change that holding foretold really came lately on this card.
    /// </summary>
    /// <param name="horizonSeconds">0 to 600 s.</param>
    /// <exception cref="ArgumentOutOfRangeException">The horizon is outside 0 to 600 s.</exception>
    public ThermalForecast? Expect(double horizonSeconds)
    {
        RequireHorizon(horizonSeconds);
        var nearest = Nearest(horizonSeconds);
        return double.IsNaN(_time) ? null : Forecast(horizonSeconds, _ledger.Expect(nearest, horizonSeconds, _temperature, _filter), _ledger.Expected(nearest));
    }

    /// <summary>The temperature after a horizon if power follows a plan; null before the first reading.</summary>
    /// <param name="horizonSeconds">0 to 600 s.</param>
    /// <param name="plannedWatts">Mean power of each step ahead, watts; the last value holds for what the plan does not cover. Empty is the same as <see cref="Hold"/>.</param>
    /// <param name="stepSeconds">Length of one step, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The horizon is outside 0 to 600 s, or the step is not above 0.</exception>
    public ThermalForecast? Planned(double horizonSeconds, ReadOnlySpan<double> plannedWatts, double stepSeconds = 1)
    {
        RequireHorizon(horizonSeconds);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stepSeconds);
        return plannedWatts.IsEmpty ? Hold(horizonSeconds)
            : double.IsNaN(_time) ? null : Forecast(horizonSeconds, _filter.AlongPlan(horizonSeconds, plannedWatts, stepSeconds), _ledger.Planned(Nearest(horizonSeconds)));
    }

    /// <summary>All that was learned, as numbers that <see cref="Restore"/> takes; what was forecast but is not due yet is not in it.</summary>
    public double[] Snapshot()
    {
        var values = new double[SnapshotLength];
        (values[0], values[1], values[2]) = (SnapshotVersion, _time, _temperature);
        _filter.Snapshot(values.AsSpan(HeaderLength));
        _ledger.Snapshot(values.AsSpan(HeaderLength + ThermalFilter.SnapshotLength));
        return values;
    }

    /// <summary>A forecaster that goes on where a snapshot was taken; give it the options that the snapshot was made with.</summary>
    /// <exception cref="ArgumentException">Another length or version, or a value that is not finite.</exception>
    public static ThermalForecaster Restore(ReadOnlySpan<double> snapshot, ThermalForecasterOptions? options = null)
    {
        if (snapshot.Length != SnapshotLength || snapshot[0] != SnapshotVersion)
        {
            throw new ArgumentException($"a snapshot of {snapshot.Length} numbers: {SnapshotLength} of version {SnapshotVersion} expected; start afresh instead", nameof(snapshot));
        }

        for (var i = HeaderLength; i < snapshot.Length; i++)
        {
            if (!double.IsFinite(snapshot[i]))
            {
                throw new ArgumentException($"number {i} of the snapshot is {snapshot[i]}: finite expected; start afresh instead", nameof(snapshot));
            }
        }

        var forecaster = new ThermalForecaster(options) { _time = snapshot[1], _pooledUntil = snapshot[1], _temperature = snapshot[2] };
        forecaster._filter.Restore(snapshot[HeaderLength..]);
        forecaster._ledger.Restore(snapshot[(HeaderLength + ThermalFilter.SnapshotLength)..]);
        return forecaster;
    }

    private ThermalForecast Forecast(double horizon, double celsius, in ForecastScore score)
    {
        var half = score.HalfWidth;
        return new(horizon, celsius, celsius - half, celsius + half, score.MeanAbsolute, _ledger.Persistence(Nearest(horizon)));
    }

    // The scored horizon at or above (a second more is the same), or the longest: never a band that is too narrow.
    private static int Nearest(double horizon)
    {
        for (var h = 0; h < HorizonsSeconds.Length; h++)
        {
            if (horizon <= HorizonsSeconds[h] + 1)
            {
                return h;
            }
        }

        return HorizonsSeconds.Length - 1;
    }

    private static void RequireHorizon(double seconds)
    {
        if (!(seconds is >= 0 and <= GreatestHorizonSeconds))
        {
            throw new ArgumentOutOfRangeException(nameof(seconds), seconds, $"a horizon of 0 to {GreatestHorizonSeconds} s expected");
        }
    }
}
