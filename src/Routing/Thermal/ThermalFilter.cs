using System.Diagnostics;

namespace EnergyTTT.Routing.Thermal;

/// <summary>
/// The estimator behind a forecaster: a Kalman filter (recursive least squares with drift) over <c>T = T0 + sum_i R_i x_i + w x_1 + d + noise</c>, where <c>x_i = lp(P, tau_i)</c> are known
/// low-passed powers, T0 and R_i drift slowly, w is how much hotter than usual the present kind of work makes the die per watt, and d is what the model does not know. w and d decay
/// towards 0, in a forecast as in the filter.
/// </summary>
/// <remarks>
/// Unknowns in order: T0 (degrees Celsius), R_1..R_4 (degrees Celsius per watt, 0 or more), d (degrees Celsius), w (degrees Celsius per watt). Derived in docs/decisions/0070, which also says
/// where each constant comes from.
/// </remarks>
internal sealed class ThermalFilter
{
    public const int Poles = 4;
    public const int Unknowns = Poles + 3;
    private const int Rest = Unknowns - 2;
    private const int Work = Unknowns - 1;

    // Time constants in seconds, a grid with a factor of 4 to 10 between its poles, which is as fine as positive poles can tell apart: die and lid; spreader and base;
    // heat sink (about a kilogram of copper and aluminium at 0.03 degrees per watt); the air that the chassis warms for itself.
    private static readonly double[] Tau = [0.4, 4, 20, 80];

    // First guess of how the rise is shared, from the resistances of an air-cooled board: junction to lid as much as sink to air, little in between and behind.
    private static readonly double[] Share = [0.4, 0.15, 0.35, 0.1];

    // A guess of a share is good to 70 %: coolers differ, and the poles are only a grid.
    private const double ShareDeviation = 0.7;

    // What stays unexplained: a degree of fans and neighbours, over half a minute. At the start nobody knows what was before: five degrees.
    private const double RestDeviation = 1;
    private const double RestSeconds = 30;
    private const double StartDeviation = 5;

    // Two kinds of work of equal power differ at the limit by some five degrees: one burns in the arithmetic, the other in the memory. Work changes every half minute or so.
    private const double WorkDeviation = 5;
    private const double WorkSeconds = 30;

    // Within the memory T0 may wander by half its guess and each R by a tenth of itself.
    private const double Drift = 0.1;

    // Sensor: whole degrees (1/12) and half a degree of unrest.
    private const double NoiseVariance = 1.0 / 12 + 0.25;

    // Power ripples by a tenth below the second, and the die's fast share of it is in the reading: a loaded card is noisier than an idle one, whatever its size.
    private const double Ripple = 0.1;

    // The mean of an interval hides when in it the power stepped, and the die follows within a tenth of a second: root mean square of a uniformly distributed moment, and a little.
    private const double StepShare = 0.7;

    // Hold means the power of the last second or so: loads that switch on and off within it are one load.
    private const double HoldSeconds = 1;

    private readonly ThermalForecasterOptions _options;
    private readonly double[] _state = new double[Unknowns];
    private readonly double[] _covariance = new double[Unknowns * Unknowns];
    private readonly double[] _heat = new double[Poles];
    private readonly double[] _decay = new double[Poles];
    private double _holdDecay, _decayStep = double.NaN, _hold, _power;

    public ThermalFilter(ThermalForecasterOptions options)
    {
        _options = options;
        // T(limit) - T0 is shared among the poles; then "T at the limit" itself is an observation with its own uncertainty.
        var resistance = Math.Max(options.LimitCelsius - options.CoolantCelsius, 5) / options.PowerLimitWatts;
        var variance = options.GuessDeviationCelsius * options.GuessDeviationCelsius;
        _state[0] = options.CoolantCelsius;
        _covariance[0] = variance;
        for (var i = 0; i < Poles; i++)
        {
            _state[1 + i] = resistance * Share[i];
            _covariance[(1 + i) * Unknowns + 1 + i] = Square(ShareDeviation * _state[1 + i]);
        }

        _covariance[Rest * Unknowns + Rest] = Square(RestDeviation);
        _covariance[Work * Unknowns + Work] = Square(WorkDeviation / options.PowerLimitWatts);
        Span<double> row = stackalloc double[Unknowns];
        row.Clear();
        row[0] = 1;
        row.Slice(1, Poles).Fill(options.PowerLimitWatts);
        Correct(row, options.LimitCelsius, variance);
    }

    public double HoldWatts => _hold;

    /// <summary>What the model says the temperature is now, degrees Celsius.</summary>
    public double Celsius => At(_heat, _state[Rest], _state[Work]);

    /// <summary>T0, degrees Celsius.</summary>
    public double CoolantCelsius => _state[0];

    /// <summary>Sum of R_i, degrees Celsius per watt.</summary>
    public double Resistance => _state[1] + _state[2] + _state[3] + _state[4];

    /// <summary>Learned unknowns, for those who score an old forecast against a power that has become known.</summary>
    public ReadOnlySpan<double> State => _state;

    public ReadOnlySpan<double> Heat => _heat;

    /// <summary>Starts the heat in the model as if power had been what it is for ever; the rest is as uncertain as that is wrong.</summary>
    public void Start(double powerWatts, double temperatureCelsius)
    {
        Array.Fill(_heat, powerWatts);
        _hold = _power = powerWatts;
        for (var i = 0; i < Unknowns; i++)
        {
            _covariance[i * Unknowns + Rest] = _covariance[Rest * Unknowns + i] = 0;
        }

        _state[Rest] = 0;
        _covariance[Rest * Unknowns + Rest] = Square(StartDeviation);
        Correct(temperatureCelsius, 0);
    }

    /// <summary>Lets heat flow for a while at one power; nothing is learned.</summary>
    public void Flow(double seconds, double powerWatts)
    {
        Decays(seconds);
        Advance(_heat, _decay, powerWatts);
        _hold = powerWatts + (_hold - powerWatts) * _holdDecay;
    }

    /// <summary>Learns from a temperature.</summary>
    /// <param name="seconds">Time since the last one that was learned from.</param>
    /// <param name="resolutionSeconds">How finely power was seen in that time: what it did in between is not known.</param>
    /// <param name="powerWatts">Mean power of the last such interval.</param>
    /// <param name="temperatureCelsius">The reading.</param>
    public void Learn(double seconds, double resolutionSeconds, double powerWatts, double temperatureCelsius)
    {
        Fade(Rest, Math.Exp(-seconds / RestSeconds), RestDeviation);
        Fade(Work, Math.Exp(-seconds / WorkSeconds), WorkDeviation / _options.PowerLimitWatts);

        var share = seconds / _options.MemorySeconds;
        _covariance[0] += share * Square(_options.GuessDeviationCelsius / 2);
        for (var i = 1; i <= Poles; i++)
        {
            _covariance[i * Unknowns + i] += share * Square(Drift * _state[i]);
        }

        var unseen = Math.Min(resolutionSeconds, 1);
        Correct(temperatureCelsius, Square(_state[1]) * (Square(unseen * Ripple * powerWatts) + Square(unseen * StepShare * (powerWatts - _power))));
        _power = powerWatts;
    }

    /// <summary>The temperature after a horizon at one power, degrees Celsius.</summary>
    public double AtPower(double seconds, double powerWatts)
    {
        var sum = _state[0] + _state[Rest] * Math.Exp(-seconds / RestSeconds);
        var work = _state[Work] * Math.Exp(-seconds / WorkSeconds);
        for (var i = 0; i < Poles; i++)
        {
            sum += (_state[1 + i] + (i == 0 ? work : 0)) * (powerWatts + (_heat[i] - powerWatts) * Math.Exp(-seconds / Tau[i]));
        }

        return sum;
    }

    /// <summary>The temperature after a horizon along a plan, degrees Celsius.</summary>
    public double AlongPlan(double seconds, ReadOnlySpan<double> plannedWatts, double stepSeconds)
    {
        Span<double> heat = stackalloc double[Poles], decay = stackalloc double[Poles];
        _heat.CopyTo(heat);
        for (var i = 0; i < Poles; i++)
        {
            decay[i] = Math.Exp(-stepSeconds / Tau[i]);
        }

        var left = seconds;
        foreach (var watts in plannedWatts)
        {
            if (left < stepSeconds)
            {
                break;
            }

            Advance(heat, decay, watts);
            left -= stepSeconds;
        }

        // What is left: a part of a step, or all that the plan does not cover.
        if (left > 1e-9 && !plannedWatts.IsEmpty)
        {
            var covered = (int)Math.Min((seconds - left) / stepSeconds + 0.5, plannedWatts.Length - 1);
            for (var i = 0; i < Poles; i++)
            {
                decay[i] = Math.Exp(-left / Tau[i]);
            }

            Advance(heat, decay, plannedWatts[covered]);
        }

        return At(heat, _state[Rest] * Math.Exp(-seconds / RestSeconds), _state[Work] * Math.Exp(-seconds / WorkSeconds));
    }

    /// <summary>What a past state would have said of a time h later, now that the power in between is known: the heat of the model now is exactly what it would have planned.</summary>
    public double Hindcast(ReadOnlySpan<float> pastState, double horizonSeconds)
    {
        var sum = pastState[0] + pastState[Rest] * Math.Exp(-horizonSeconds / RestSeconds) + pastState[Work] * Math.Exp(-horizonSeconds / WorkSeconds) * _heat[0];
        for (var i = 0; i < Poles; i++)
        {
            sum += pastState[1 + i] * _heat[i];
        }

        return sum;
    }

    public const int SnapshotLength = Unknowns + Unknowns * Unknowns + Poles + 2;

    public void Snapshot(Span<double> values)
    {
        _state.CopyTo(values);
        _covariance.CopyTo(values[Unknowns..]);
        _heat.CopyTo(values[(Unknowns + Unknowns * Unknowns)..]);
        (values[SnapshotLength - 2], values[SnapshotLength - 1]) = (_hold, _power);
    }

    public void Restore(ReadOnlySpan<double> values)
    {
        values[..Unknowns].CopyTo(_state);
        values.Slice(Unknowns, Unknowns * Unknowns).CopyTo(_covariance);
        values.Slice(Unknowns + Unknowns * Unknowns, Poles).CopyTo(_heat);
        (_hold, _power) = (values[SnapshotLength - 2], values[SnapshotLength - 1]);
    }

    // x := g x, with the variance that keeps its deviation stationary.
    private void Fade(int unknown, double g, double deviation)
    {
        _state[unknown] *= g;
        for (var i = 0; i < Unknowns; i++)
        {
            _covariance[i * Unknowns + unknown] *= g;
            _covariance[unknown * Unknowns + i] *= g;
        }

        _covariance[unknown * Unknowns + unknown] += Square(deviation) * (1 - g * g);
    }

    private void Correct(double temperatureCelsius, double unseenVariance)
    {
        Span<double> row = stackalloc double[Unknowns];
        row[0] = 1;
        _heat.CopyTo(row[1..]);
        row[Rest] = 1;
        row[Work] = _heat[0];
        Correct(row, temperatureCelsius, NoiseVariance + unseenVariance);

        // Positivity: the most negative R is set to 0 and the others move along their covariance, until none is negative.
        for (var round = 0; round < Poles; round++)
        {
            var worst = 1;
            for (var i = 2; i <= Poles; i++)
            {
                worst = _state[i] < _state[worst] ? i : worst;
            }

            if (_state[worst] >= 0)
            {
                break;
            }

            var ratio = _state[worst] / _covariance[worst * Unknowns + worst];
            for (var i = 0; i < Unknowns; i++)
            {
                _state[i] -= ratio * _covariance[i * Unknowns + worst];
            }

            _state[worst] = 0;
        }

        for (var i = 1; i <= Poles; i++)
        {
            _state[i] = Math.Max(_state[i], 0);
        }
    }

    // One scalar observation z = row . state + noise: gain = C row / (row C row + v), state += gain (z - row state), C -= gain (C row)'.
    private void Correct(ReadOnlySpan<double> row, double observed, double noiseVariance)
    {
        Span<double> spread = stackalloc double[Unknowns];
        double variance = noiseVariance, innovation = observed;
        for (var i = 0; i < Unknowns; i++)
        {
            double sum = 0;
            for (var j = 0; j < Unknowns; j++)
            {
                sum += _covariance[i * Unknowns + j] * row[j];
            }

            spread[i] = sum;
            variance += row[i] * sum;
            innovation -= row[i] * _state[i];
        }

        Debug.Assert(variance > 0, "a covariance is never negative");
        for (var i = 0; i < Unknowns; i++)
        {
            var gain = spread[i] / variance;
            _state[i] += gain * innovation;
            for (var j = 0; j < Unknowns; j++)
            {
                _covariance[i * Unknowns + j] -= gain * spread[j];
            }
        }
    }

    private double At(ReadOnlySpan<double> heat, double rest, double work)
    {
        var sum = _state[0] + rest + work * heat[0];
        for (var i = 0; i < Poles; i++)
        {
            sum += _state[1 + i] * heat[i];
        }

        return sum;
    }

    // x := P + (x - P) exp(-dt / tau)
    private static void Advance(Span<double> heat, ReadOnlySpan<double> decay, double powerWatts)
    {
        for (var i = 0; i < heat.Length; i++)
        {
            heat[i] = powerWatts + (heat[i] - powerWatts) * decay[i];
        }
    }

    private void Decays(double seconds)
    {
        if (seconds == _decayStep)
        {
            return;
        }

        for (var i = 0; i < Poles; i++)
        {
            _decay[i] = Math.Exp(-seconds / Tau[i]);
        }

        _holdDecay = Math.Exp(-seconds / HoldSeconds);
        _decayStep = seconds;
    }

    private static double Square(double value) => value * value;
}
