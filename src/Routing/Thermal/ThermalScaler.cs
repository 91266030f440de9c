using EnergyTTT.Routing.Monitoring;

namespace EnergyTTT.Routing.Thermal;

/// <summary>
/// Turns the readings of one GPU into a thermal state and an urgency. It rises to a hotter state at once and falls to a cooler one only below the
/// threshold less the hysteresis, and after the minimum dwell, so that a noisy sensor does not make it chatter. Not thread-safe.
/// </summary>
public sealed class ThermalScaler
{
    private readonly ThermalScalingOptions _options;
    private ThermalState? _state;
    private double _since;

    /// <summary>Starts without a state.</summary>
    /// <exception cref="ArgumentException">The thresholds do not rise.</exception>
    public ThermalScaler(ThermalScalingOptions? options = null)
    {
        _options = options ?? new();
        if (!_options.Thresholds.IsOrdered)
        {
            throw new ArgumentException($"thermal thresholds must rise from warm to hot to critical; they are {_options.Thresholds}", nameof(options));
        }
    }

    /// <summary>The state now; null before the first temperature.</summary>
    public ThermalState? State => _state;

    /// <summary>Takes one reading of each sensor that there is.</summary>
    /// <param name="timeSeconds">Monotonic clock in seconds; only differences count.</param>
    /// <param name="temperatureCelsius">Die temperature; null or not finite leaves the state as it is.</param>
    /// <param name="powerWatts">Mean power in watts, or null.</param>
    /// <param name="powerLimitWatts">Enforced limit in watts, or null.</param>
    /// <param name="slowdownCelsius">The card's own slowdown threshold, or null to use the options' thresholds.</param>
    /// <param name="thermallyThrottled">Whether a hardware or driver throttle reason for heat is set.</param>
    public ThermalScale Observe(
        double timeSeconds, double? temperatureCelsius, double? powerWatts = null, double? powerLimitWatts = null, double? slowdownCelsius = null, bool thermallyThrottled = false)
    {
        if (temperatureCelsius is { } celsius && double.IsFinite(celsius) || thermallyThrottled)
        {
            var thresholds = slowdownCelsius is >= -20 and <= 130 ? ThermalThresholds.BelowSlowdown(slowdownCelsius.Value) : _options.Thresholds;
            Move(timeSeconds, temperatureCelsius ?? double.NegativeInfinity, thresholds, thermallyThrottled);
        }

        var temperature = _state is { } state ? ThermalFactors.OfState(state) : 1;
        var power = ThermalFactors.OfPower(powerWatts, powerLimitWatts);
        var urgency = ThermalFactors.Urgency(temperature, power);
        return new(_state, temperature, power, urgency, _options.BaseScaling * urgency);
    }

    /// <summary>Takes the readings of a monitor.</summary>
    public ThermalScale Observe(GpuStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        return Observe(
            statistics.Time.ToUnixTimeMilliseconds() / 1000.0, statistics.TemperatureCelsius, statistics.PowerWatts, statistics.PowerLimitWatts, statistics.SlowdownCelsius,
            statistics.ThermallyThrottled is true);
    }

    private void Move(double time, double celsius, ThermalThresholds thresholds, bool throttled)
    {
        var rising = throttled ? ThermalState.Throttling : Classify(celsius, thresholds, 0);
        if (_state is not { } current || rising > current)
        {
            _state = rising;
            _since = time;
            return;
        }

        // Falling: only what is left by more than the hysteresis, and after the dwell.
        var falling = throttled ? ThermalState.Throttling : Classify(celsius, thresholds, _options.HysteresisCelsius);
        if (falling < current && time - _since >= _options.MinimumDwellSeconds)
        {
            _state = falling;
            _since = time;
        }
    }

    private static ThermalState Classify(double celsius, ThermalThresholds t, double hysteresis) =>
        celsius >= t.CriticalCelsius - hysteresis ? ThermalState.Critical
        : celsius >= t.HotCelsius - hysteresis ? ThermalState.Hot
        : celsius >= t.WarmCelsius - hysteresis ? ThermalState.Warm : ThermalState.Cool;
}
