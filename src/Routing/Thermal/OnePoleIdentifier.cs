namespace EnergyTTT.Routing.Thermal;

/// <summary>A card seen as one thermal resistance and one capacity: how far it warms per watt, and how long that takes.</summary>
/// <param name="ResistanceCelsiusPerWatt">Rise per watt when settled, degrees Celsius per watt, above 0.</param>
/// <param name="TimeConstantSeconds">Time to 63 % of a step, seconds, above 0.</param>
/// <param name="CoolantCelsius">Temperature without power, degrees Celsius.</param>
public readonly record struct OnePoleCard(double ResistanceCelsiusPerWatt, double TimeConstantSeconds, double CoolantCelsius);

/// <summary>
/// Identifies the one-pole view of a card on line: what an operator means by its time constant, and what decides how long a block of a comparison has to be. Forecasts come from
/// <see cref="ThermalForecaster"/>, which does not believe in one pole. Not thread-safe; nothing is allocated per reading.
/// </summary>
/// <remarks>
/// Recursive least squares with forgetting on <c>T_k = a T_(k-1) + b P_k + c</c>, where <c>a = exp(-dt / tau)</c>, <c>b = R (1 - a)</c>, <c>c = T0 (1 - a)</c>. Source: the exact discretisation of
/// <c>tau dT/dt = T0 + R P - T</c> for power that is constant within a step. Readings must come at one pace; a step that is off by a fifth is left out.
/// </remarks>
/// <param name="stepSeconds">The pace of the readings, seconds, above 0.</param>
/// <param name="memorySeconds">Seconds in which old evidence fades to 1/e.</param>
public sealed class OnePoleIdentifier(double stepSeconds = 1, double memorySeconds = 3600)
{
    // Readings before anything is said: a few time constants of most cards.
    private const int LeastReadings = 60;

    private readonly double[] _coefficients = [0.95, 0, 0];

    // Scaled so that temperature, power and the constant are of order 1.
    private readonly double[] _spread = [1e4, 0, 0, 0, 1e4, 0, 0, 0, 1e4];
    private double _time = double.NaN, _celsius;
    private int _count;

    /// <summary>What was identified; null while the readings do not say, or say nothing physical.</summary>
    public OnePoleCard? Card
    {
        get
        {
            var (a, b, c) = (_coefficients[0], _coefficients[1] / PowerScale, _coefficients[2] * CelsiusScale);
            return _count >= LeastReadings && a is > 0 and < 1 && b > 0 ? new(CelsiusScale * b / (1 - a), -stepSeconds / Math.Log(a), c / (1 - a)) : null;
        }
    }

    private const double CelsiusScale = 50;
    private const double PowerScale = 300;

    /// <summary>Takes the mean power since the previous reading and the temperature now; readings that cannot be are left out.</summary>
    public void Observe(double timeSeconds, double powerWatts, double temperatureCelsius)
    {
        if (!double.IsFinite(timeSeconds) || timeSeconds <= _time || !(powerWatts >= 0 && powerWatts <= 100_000) || !(temperatureCelsius is >= -20 and <= 130))
        {
            return;
        }

        var (seconds, before) = (timeSeconds - _time, _celsius);
        (_time, _celsius) = (timeSeconds, temperatureCelsius);
        if (!(Math.Abs(seconds - stepSeconds) <= 0.2 * stepSeconds))
        {
            return;
        }

        _count++;
        Span<double> row = [before / CelsiusScale, powerWatts / PowerScale, 1], gain = stackalloc double[3];
        var keep = Math.Exp(-seconds / memorySeconds);
        double variance = keep, innovation = temperatureCelsius / CelsiusScale;
        for (var i = 0; i < 3; i++)
        {
            gain[i] = _spread[3 * i] * row[0] + _spread[3 * i + 1] * row[1] + _spread[3 * i + 2] * row[2];
            variance += row[i] * gain[i];
            innovation -= row[i] * _coefficients[i];
        }

        for (var i = 0; i < 3; i++)
        {
            _coefficients[i] += gain[i] / variance * innovation;
            for (var j = 0; j < 3; j++)
            {
                // Bounded, or a card that idles for a day would make the filter forget everything at once.
                _spread[3 * i + j] = Math.Clamp((_spread[3 * i + j] - gain[i] * gain[j] / variance) / keep, -1e6, 1e6);
            }
        }
    }
}
