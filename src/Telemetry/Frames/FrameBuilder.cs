using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Frames;

/// <summary>
/// Summarises the samples of one GPU into frames. Intervals are contiguous: a frame begins where the one before it ended. Not thread-safe.
/// </summary>
public sealed class FrameBuilder(GpuId gpu, Origin origin, FrameOptions options)
{
    private const double LongestSeconds = 3600;

    private readonly EnergyMeter _energy = new(1.5 * options.PowerLimitMaxWatts, options.LongestGap);
    private readonly ThrottleLedger _throttle = new();
    private TimeSpan? _start;
    private TimeSpan _last;
    private StateSample _state;
    private long? _tokens;
    private long? _tokensTaken;
    private double _averageSum;
    private int _averages;
    private double? _max;
    private int _samples;
    private long _sequence;

    /// <summary>The GPU whose frames are built.</summary>
    public GpuId Gpu => gpu;

    /// <summary>The next frame's sequence number, which is also the number of frames cut so far.</summary>
    public long Sequence => _sequence;

    /// <summary>How often the energy counter was reset; see <see cref="EnergyMeter.Resets"/>.</summary>
    public int CounterResets => _energy.Resets;

    /// <summary>Tells that the card's driver was restarted; see <see cref="EnergyMeter.Forget"/>.</summary>
    public void ForgetCounter() => _energy.Forget();

    /// <summary>Takes a fast sample. The first one only opens the first frame.</summary>
    public void Add(in PowerSample sample)
    {
        _start ??= sample.At;
        _last = sample.At;
        _energy.Add(sample);
        if (sample.EventReasons is { } reasons)
        {
            _throttle.Add(sample.At, reasons);
        }

        if (sample.At == _start)
        {
            return;
        }

        if (sample.AverageWatts is { } average)
        {
            _averageSum += average;
            _averages++;
        }

        var greatest = Greatest(sample.AverageWatts, sample.InstantWatts);
        _max = Greatest(_max, greatest);
        _samples += greatest is null ? 0 : 1;
    }

    /// <summary>Takes a slow sample; the newest stands for the frame.</summary>
    public void Add(in StateSample state)
    {
        _state = state;
        _throttle.Add(state.Throttle);
        _tokensTaken ??= state.TokensTotal;
        _tokens = state.TokensTotal;
    }

    /// <summary>
    /// Ends the frame at the newest sample and answers it. Answers null, and lets the frame grow, while it is empty or while a card that has an
    /// energy counter has not ticked within it (a frame with other people's joules would be worse than a longer one), up to <see cref="FrameOptions.LongestHold"/>.
    /// </summary>
    /// <param name="time">The wall clock at the newest sample.</param>
    public Frame? Cut(DateTimeOffset time)
    {
        if (_start is not { } start || _last <= start)
        {
            return null;
        }

        var waiting = _energy.Waiting;
        if (waiting && _last - start < options.LongestHold)
        {
            return null;
        }

        var seconds = (_last - start).TotalSeconds;
        if (seconds > LongestSeconds)
        {
            // Nobody looked for more than an hour: that is a hole, not an interval.
            _energy.Take();
            _throttle.Take();
            Open(_last);
            return null;
        }

        var (joules, method) = _energy.Take(giveUp: waiting);
        var frame = new Frame
        {
            Gpu = gpu,
            Sequence = _sequence++,
            Time = time,
            Seconds = seconds,
            Origin = origin,
            EnergyJoules = joules,
            EnergyMethod = method,
            // Without an averaging sensor the counter is the only mean that covers all of the interval.
            PowerAverageWatts = _averages > 0 ? _averageSum / _averages : joules / seconds,
            PowerMaxWatts = _max,
            TemperatureCelsius = _state.TemperatureCelsius,
            MemoryTemperatureCelsius = _state.MemoryTemperatureCelsius,
            ThermalMarginCelsius = _state.ThermalMarginCelsius,
            UtilizationRatio = _state.UtilizationRatio,
            MemoryActivityRatio = _state.MemoryActivityRatio,
            MemoryUsedBytes = _state.MemoryUsedBytes,
            MemoryTotalBytes = _state.MemoryTotalBytes,
            SmClockHertz = _state.SmClockHertz,
            MemoryClockHertz = _state.MemoryClockHertz,
            PowerLimitWatts = _state.PowerLimitWatts,
            FanRatio = _state.FanRatio,
            ThrottleSeconds = _throttle.Take(),
            Tokens = _tokens >= _tokensTaken ? _tokens - _tokensTaken : null,
            Samples = _samples,
        };
        Open(_last);
        return frame;
    }

    private void Open(TimeSpan start)
    {
        _start = start;
        _tokensTaken = _tokens;
        (_averageSum, _averages, _max, _samples) = (0, 0, null, 0);
        // A reading older than its frame is no reading of it.
        _state = default;
    }

    private static double? Greatest(double? a, double? b) => a is null ? b : b is null ? a : Math.Max(a.Value, b.Value);
}
