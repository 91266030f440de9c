namespace EnergyTTT.Routing.Monitoring;

/// <summary>Why a window of energy is valid or not.</summary>
public enum EnergyValidity
{
    /// <summary>The counter moved forward and agrees with the integral, where there is one.</summary>
    Valid = 0,

    /// <summary>Fewer than two readings.</summary>
    TooFewReadings = 1,

    /// <summary>The counter went back: the driver was reloaded. The joules are unknown, not negative.</summary>
    CounterReset = 2,

    /// <summary>Counter and integral differ by more than the tolerance.</summary>
    SensorDisagreement = 3,

    /// <summary>A reading was not finite, or time did not advance.</summary>
    InvalidReading = 4,
}

/// <summary>The joules of one window, from the energy counter, checked against the integral of averaged power.</summary>
/// <param name="Joules">Counter difference in joules, 0 or more; null unless the counter was there from edge to edge without a reset.</param>
/// <param name="IntegralJoules">Trapezoidal integral of power in joules; null without power readings.</param>
/// <param name="Seconds">Length of the window.</param>
/// <param name="Validity">Whether <see cref="Joules"/> may be used, and if not, why.</param>
public readonly record struct EnergyReading(double? Joules, double? IntegralJoules, double Seconds, EnergyValidity Validity)
{
    /// <summary>|counter - integral| / counter; null when either is missing or the counter stood still.</summary>
    public double? Disagreement => Joules is > 0 and var j && IntegralJoules is { } i ? Math.Abs(j - i) / j : null;
}

/// <summary>
/// Collects the readings of one window of one GPU. A counter that steps back makes the window invalid: never a negative difference, never its absolute value.
/// Not thread-safe; a value of it is used for one window.
/// </summary>
/// <param name="tolerance">Largest accepted share by which counter and integral may differ, such as 0.05.</param>
public sealed class EnergyWindow(double tolerance = 0.05)
{
    private double _first = double.NaN, _last = double.NaN, _start = double.NaN, _end = double.NaN, _lastPower = double.NaN, _lastPowerTime = double.NaN, _integral, _integralSeconds;
    private bool _reset, _invalid;
    private int _counts;

    /// <summary>Takes one reading.</summary>
    /// <param name="timeSeconds">Monotonic clock, seconds.</param>
    /// <param name="counterJoules">The total energy counter in joules, or null where there is none.</param>
    /// <param name="powerWatts">Averaged power in watts, or null where there is none.</param>
    public void Add(double timeSeconds, double? counterJoules, double? powerWatts)
    {
        if (!double.IsFinite(timeSeconds) || timeSeconds < _end || counterJoules is { } c && !(double.IsFinite(c) && c >= 0) || powerWatts is { } p && !(double.IsFinite(p) && p >= 0))
        {
            _invalid = true;
            return;
        }

        _start = double.IsNaN(_start) ? timeSeconds : _start;
        _end = timeSeconds;
        if (counterJoules is { } joules)
        {
            _reset |= joules < _last;
            _first = double.IsNaN(_first) ? joules : _first;
            _last = joules;
            _counts++;
        }

        if (powerWatts is { } watts)
        {
            if (!double.IsNaN(_lastPower))
            {
                // Trapezoid rule between two readings.
                _integral += (watts + _lastPower) / 2 * (timeSeconds - _lastPowerTime);
                _integralSeconds += timeSeconds - _lastPowerTime;
            }

            _lastPower = watts;
            _lastPowerTime = timeSeconds;
        }
    }

    /// <summary>What the window holds so far.</summary>
    public EnergyReading Close()
    {
        var seconds = double.IsNaN(_start) ? 0 : _end - _start;
        double? integral = _integralSeconds > 0 ? _integral : null;
        if (_invalid || _counts < 2 || seconds <= 0)
        {
            return new(null, integral, seconds, _invalid ? EnergyValidity.InvalidReading : EnergyValidity.TooFewReadings);
        }

        if (_reset)
        {
            return new(null, integral, seconds, EnergyValidity.CounterReset);
        }

        var reading = new EnergyReading(_last - _first, integral, seconds, EnergyValidity.Valid);
        return reading.Disagreement > tolerance ? reading with { Validity = EnergyValidity.SensorDisagreement } : reading;
    }
}
