using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Frames;

/// <summary>
/// Turns power samples into joules. The card's counter comes first: E = (c1 - c0) / 1000. Where the card has no counter, or the counter was reset or
/// stands still, averaged power is integrated by the trapezoid rule instead and the result is labelled so. The joules of successive calls of
/// <see cref="Take"/> add up to the counter's difference: what has not ticked yet is not lost, it comes with the next tick.
/// </summary>
/// <param name="greatestWatts">A delta that would need more than this power is a fault of the counter, in watts; null knows no bound.</param>
/// <param name="longestGap">Averaged power is not integrated over more than this between two readings: what lies between was not measured. Default 2 s.</param>
public sealed class EnergyMeter(double? greatestWatts = null, TimeSpan? longestGap = null)
{
    // A tick carries the energy of the time since the previous tick: up to this long before the previous reading.
    private static readonly TimeSpan TickAllowance = TimeSpan.FromMilliseconds(200);

    private readonly TimeSpan _longestGap = longestGap ?? TimeSpan.FromSeconds(2);
    private ulong? _counter;
    private TimeSpan _changed;
    private ulong _millijoules;
    private bool _broken;
    private bool _standing;
    private bool _ticked;
    private (TimeSpan At, double Watts)? _power;
    private double _integral;
    private bool _integrated;
    private bool _gap;

    /// <summary>How often the counter went backwards or jumped beyond belief. The delta of such a moment is dropped, never negated.</summary>
    public int Resets { get; private set; }

    /// <summary>Whether the card has a counter that may still tick but has not since the last <see cref="Take"/>.</summary>
    public bool Waiting => _counter is not null && !_ticked && !_standing;

    /// <summary>Takes one sample in; samples come in the order of their time.</summary>
    public void Add(in PowerSample sample)
    {
        if (sample.EnergyMillijoules is { } counter)
        {
            Count(sample.At, counter);
        }

        if (sample.AverageWatts is { } watts)
        {
            if (_power is { } last)
            {
                _integral += 0.5 * (last.Watts + watts) * (sample.At - last.At).TotalSeconds;
                _integrated = true;
                _gap |= sample.At - last.At > _longestGap;
            }

            _power = (sample.At, watts);
        }
    }

    /// <summary>Starts the counter afresh, since its driver or card was restarted: no comparison with the old value proves anything, not even a greater one.</summary>
    public void Forget() => (_counter, _standing, _broken) = (null, false, true);

    /// <summary>The joules since the last call and how they were obtained, or (null, null) where there is no honest number.</summary>
    /// <param name="giveUp">Wait no longer for a counter that stands still: use the integral until it moves again, and do not count that move, which the integral has covered.</param>
    public (double? Joules, EnergyMethod? Method) Take(bool giveUp = false)
    {
        _standing |= giveUp;
        var credible = _counter is not null && !_broken && !_standing;
        (double?, EnergyMethod?) taken =
            credible && _ticked ? (_millijoules / 1000.0, EnergyMethod.Counter)
            : !credible && _integrated && !_gap ? (_integral, EnergyMethod.Integral)
            : (null, null);
        (_millijoules, _integral, _integrated, _gap, _broken, _ticked) = (0, 0, false, false, false, false);
        return taken;
    }

    private void Count(TimeSpan at, ulong counter)
    {
        if (_counter is not { } last)
        {
            (_counter, _changed) = (counter, at);
            return;
        }

        // A zero delta means "has not ticked yet", not zero watts.
        if (counter == last)
        {
            return;
        }

        var bound = greatestWatts * ((at - _changed) + TickAllowance).TotalSeconds * 1000;
        if (_standing)
        {
            (_standing, _broken) = (false, true);
        }
        else if (counter < last || counter - last > bound)
        {
            Resets++;
            _broken = true;
        }
        else
        {
            _millijoules += counter - last;
        }

        (_counter, _changed, _ticked) = (counter, at, true);
    }
}
