using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Cli.Thermal;

/// <summary>Sums the rows of one GPU up to readings of one second: mean power from the energy counter where there is one, else from averaged power; the temperature at the end.</summary>
internal sealed class SecondsOfGpu
{
    // Half a row's distance early at 20 Hz, so that jitter does not make readings of 0.95 and 1.05 s by turns.
    private const double Early = 0.025;

    private readonly List<ThermalReading> _readings = [];
    private double _first = double.NaN, _start, _startJoules = double.NaN, _powerSeconds, _powerTime, _lastTime = double.NaN;
    private bool _reset;

    public double? PowerLimitWatts { get; private set; }

    public IReadOnlyList<ThermalReading> Readings => _readings;

    public void Add(double time, double? joules, double? watts, double celsius, double? limitWatts)
    {
        PowerLimitWatts = limitWatts is > 0 ? limitWatts : PowerLimitWatts;
        if (double.IsNaN(_first))
        {
            (_first, _start, _lastTime) = (time, time, time);
            _startJoules = joules ?? double.NaN;
            return;
        }

        if (time <= _lastTime)
        {
            return;
        }

        if (watts is { } w)
        {
            _powerSeconds += w * (time - _lastTime);
            _powerTime += time - _lastTime;
        }

        _lastTime = time;
        // A counter that goes back was reset: its difference is unknown, not negative.
        _reset |= joules < _startJoules;
        if (time - _first < Math.Floor(_start - _first + Early) + 1 - Early)
        {
            return;
        }

        var seconds = time - _start;
        double? mean = joules - _startJoules is { } difference && double.IsFinite(difference) && !_reset ? difference / seconds : _powerTime > 0 ? _powerSeconds / _powerTime : null;
        if (mean is { } power)
        {
            _readings.Add(new(time, power, celsius));
        }

        (_start, _powerSeconds, _powerTime, _reset) = (time, 0, 0, false);
        _startJoules = joules ?? double.NaN;
    }
}
