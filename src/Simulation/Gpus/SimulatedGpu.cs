using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Simulation.Gpus;

/// <summary>One GPU that is not there: power from what its engine does, temperature from power and the rack's air, clocks from both.</summary>
public sealed class SimulatedGpu
{
    /// <summary>Clock of the streaming multiprocessors when nothing slows them, as recorded.</summary>
    public const double FullClockHertz = 1.98e9;

    private readonly SimulatedGpuOptions _options;
    private double _fastWatts;
    private double _slowWatts;
    private bool _slowed;
    private long _sequence;

    /// <summary>Starts idle and settled.</summary>
    public SimulatedGpu(GpuId id, SimulatedGpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Id = id;
        _options = options;
        Settle(options.IdleWatts, 0);
    }

    /// <summary>Its identity.</summary>
    public GpuId Id { get; }

    /// <summary>Its physics.</summary>
    public SimulatedGpuOptions Options => _options;

    /// <summary>Die temperature, °C.</summary>
    public double Celsius { get; private set; }

    /// <summary>Mean power of the last interval, watts.</summary>
    public double Watts { get; private set; }

    /// <summary>Joules since the start.</summary>
    public double Joules { get; private set; }

    /// <summary>Seconds slowed for heat since the start.</summary>
    public double ThermalThrottleSeconds { get; private set; }

    /// <summary>Seconds held down by the power cap since the start.</summary>
    public double PowerCapSeconds { get; private set; }

    /// <summary>Puts the card into the state that a constant power ends in.</summary>
    /// <param name="watts">Mean power, watts.</param>
    /// <param name="airRiseCelsius">How much warmer the rack's air is than its supply.</param>
    public void Settle(double watts, double airRiseCelsius)
    {
        (_fastWatts, _slowWatts, Watts) = (watts, watts, watts);
        Celsius = Temperature(airRiseCelsius);
    }

    /// <summary>How many steps the card can do in an interval at the clock it has, of those that are asked for.</summary>
    /// <param name="steps">Steps asked for.</param>
    /// <param name="stepSeconds">Seconds of one at full clock.</param>
    /// <param name="stepJoules">Joules of one.</param>
    /// <param name="seconds">Length of the interval.</param>
    public double Possible(double steps, double stepSeconds, double stepJoules, double seconds) => stepSeconds <= 0 ? steps : Math.Min(steps, seconds * Clock(stepSeconds, stepJoules) / stepSeconds);

    /// <summary>Lets an interval pass and answers its frame.</summary>
    /// <param name="seconds">Length of the interval, above 0.</param>
    /// <param name="steps">Steps that were done in it.</param>
    /// <param name="stepSeconds">Seconds of one at full clock.</param>
    /// <param name="stepJoules">Joules of one, idle power of its time included.</param>
    /// <param name="tokens">Tokens that they completed.</param>
    /// <param name="airRiseCelsius">How much warmer the rack's air is than its supply.</param>
    /// <param name="time">End of the interval.</param>
    public Frame Pass(double seconds, double steps, double stepSeconds, double stepJoules, long tokens, double airRiseCelsius, DateTimeOffset time)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(seconds);
        var clock = Clock(stepSeconds, stepJoules);
        var busy = Math.Min(1, steps * stepSeconds / clock / seconds);
        // A slower clock spreads the joules of a step over more time; what the card draws awake comes on top of the longer time.
        var working = (steps * stepJoules) + (steps * stepSeconds * ((1 / clock) - 1) * _options.IdleWatts);
        var joules = working + (_options.IdleWatts * seconds * (1 - busy));
        var peak = busy > 0 ? Math.Min(_options.PowerLimitWatts, working / Math.Max(1e-9, busy * seconds)) : _options.IdleWatts;
        var capped = !_slowed && clock < 1 ? busy * seconds : 0;
        var slowed = _slowed ? seconds : 0;
        Watts = joules / seconds;
        Joules += joules;
        ThermalThrottleSeconds += slowed;
        PowerCapSeconds += capped;
        // Exact for constant power over the interval, whatever its length.
        _fastWatts += (Watts - _fastWatts) * (1 - Math.Exp(-seconds / _options.FastSeconds));
        _slowWatts += (Watts - _slowWatts) * (1 - Math.Exp(-seconds / _options.SlowSeconds));
        Celsius = Temperature(airRiseCelsius);
        _slowed = _slowed ? Celsius > _options.SlowdownCelsius - _options.RecoveryCelsius : Celsius >= _options.SlowdownCelsius;

        return new Frame
        {
            Gpu = Id,
            Sequence = _sequence++,
            Time = time,
            Seconds = seconds,
            Origin = Origin.Simulated,
            EnergyJoules = joules,
            EnergyMethod = Wire.Telemetry.EnergyMethod.Counter,
            PowerAverageWatts = Watts,
            PowerMaxWatts = Math.Max(peak, Watts),
            TemperatureCelsius = Math.Round(Celsius),
            ThermalMarginCelsius = Math.Round(_options.SlowdownCelsius - Celsius),
            UtilizationRatio = busy,
            SmClockHertz = FullClockHertz * clock,
            PowerLimitWatts = _options.PowerLimitWatts,
            ThrottleSeconds = new ThrottleSeconds { SwPowerCap = capped, SwThermal = slowed, HwThermal = 0, PowerBrake = 0 },
            Tokens = tokens,
            Samples = 10,
        };
    }

    private double Temperature(double airRiseCelsius) =>
        _options.CoolantCelsius + airRiseCelsius + (_options.Airflow * ((_options.FastCelsiusPerWatt * _fastWatts) + (_options.SlowCelsiusPerWatt * _slowWatts)));

    private double Clock(double stepSeconds, double stepJoules)
    {
        var running = stepSeconds > 0 ? stepJoules / stepSeconds : 0;
        var capped = running > _options.PowerLimitWatts ? _options.PowerLimitWatts / running : 1;

        return _slowed ? Math.Min(capped, _options.SlowdownClock) : capped;
    }
}
