namespace EnergyTTT.Routing.Thermal;

/// <summary>The power of a recording as a function of time: mean power between any two moments, from cumulated joules.</summary>
internal sealed class RecordedPower
{
    private readonly double[] _times, _joules;

    public RecordedPower(IReadOnlyList<ThermalReading> readings)
    {
        _times = [.. readings.Select(r => r.TimeSeconds)];
        _joules = new double[readings.Count];
        for (var k = 1; k < readings.Count; k++)
        {
            _joules[k] = _joules[k - 1] + readings[k].PowerWatts * (_times[k] - _times[k - 1]);
        }

        var steps = _times.Zip(_times.Skip(1), (a, b) => b - a).Order().ToArray();
        StepSeconds = steps.Length == 0 ? 1 : Math.Clamp(steps[steps.Length / 2], 0.05, 10);
    }

    /// <summary>The pace of the recording: the median distance of readings, seconds.</summary>
    public double StepSeconds { get; }

    public double Mean(double from, double to) => (At(to) - At(from)) / (to - from);

    private double At(double time)
    {
        var i = Array.BinarySearch(_times, time);
        if (i >= 0)
        {
            return _joules[i];
        }

        i = Math.Clamp(~i, 1, _times.Length - 1);
        return _joules[i - 1] + (_joules[i] - _joules[i - 1]) * (time - _times[i - 1]) / (_times[i] - _times[i - 1]);
    }
}
