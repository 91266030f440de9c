using System.Globalization;
using System.IO.Compression;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Telemetry.Frames;
using EnergyTTT.Telemetry.Nvml;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Cards;

/// <summary>
/// Watches one card far more closely than an agent does: every tick of its energy counter with the moment at which it came, and everything else twenty times a second, written down in the columns of
/// <c>data/h100_trace.csv.gz</c>. Power fields are polled every millisecond, since they change with the counter and cost nothing; the counter itself, a call of milliseconds, is read when they do.
/// </summary>
internal sealed class CardWatch : IDisposable
{
    private const double RecordEvery = 0.05, LookAnyway = 0.11;
    private const string Header = "unix_s,gpu,power_avg_mw,power_instant_mw,energy_mj,temp_c,mem_temp_c,util_gpu_pct,util_mem_pct,mem_used_mib,sm_clock_mhz,mem_clock_mhz,clock_event_reasons,power_limit_mw,tokens_total,phase";
    private readonly NvmlSession _session;
    private readonly NvmlCard _card;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private readonly StreamWriter? _trace;
    private readonly Lock _gate = new();
    private readonly List<CardTick> _ticks = [];
    private readonly List<CardReading> _readings = [];
    private volatile bool _ends;
    private volatile string _phase = "idle";
    private volatile GpuStatistics? _latest;
    private long _tokens;
    private Exception? _fault;

    private CardWatch(NvmlSession session, NvmlCard card, TimeProvider time, string? trace)
    {
        (_session, _card, _time) = (session, card, time);
        _trace = trace is null ? null : new(new GZipStream(File.Create(trace), CompressionLevel.Optimal));
        _trace?.Write(Header + "\n");
        _thread = new(Watch) { IsBackground = true, Name = "card watch", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    /// <summary>The identity of the card.</summary>
    public string Gpu => _card.Gpu.ToString();

    /// <summary>Its product name.</summary>
    public string? Model => _card.Description.Model;

    /// <summary>Version of the driver.</summary>
    public string? Driver => _card.Description.Driver;

    /// <summary>What is being done, as the trace tells it.</summary>
    public string Phase
    {
        get => _phase;
        set => _phase = value;
    }

    /// <summary>The latest readings; null before the first.</summary>
    public GpuStatistics? Latest => _latest;

    /// <summary>Opens the first card.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="trace">File of the recording, gzipped CSV; null records nothing.</param>
    /// <exception cref="NotSupportedException">No driver, no card, or one without an energy counter.</exception>
    public static CardWatch Open(TimeProvider time, string? trace)
    {
        var session = NvmlSession.TryOpen(NvmlOptions.DefaultLibrary, time, out var code)
            ?? throw new NotSupportedException($"--device cuda measures by NVIDIA's management library, which does not open: {code.Explain()}. Use --device cpu, whose joules are modelled.");
        if (session.Cards is not [var card, ..] || !card.Power.Energy.Supported)
        {
            session.Dispose();
            throw new NotSupportedException("--device cuda needs a card with an energy counter (Volta or newer, not a virtual GPU); none was found. Use --device cpu, whose joules are modelled.");
        }

        return new(session, card, time, trace);
    }

    /// <summary>Counts tokens that were completed, for the recording.</summary>
    public void Complete(long tokens) => Interlocked.Add(ref _tokens, tokens);

    /// <summary>Ticks between two timestamps, in order.</summary>
    public IReadOnlyList<CardTick> Ticks(long from, long to)
    {
        Fail();
        lock (_gate)
        {
            return [.. _ticks.Where(tick => tick.Timestamp >= from && tick.Timestamp <= to)];
        }
    }

    /// <summary>Readings between two timestamps, in order.</summary>
    public IReadOnlyList<CardReading> Readings(long from, long to)
    {
        Fail();
        lock (_gate)
        {
            return [.. _readings.Where(reading => reading.Timestamp >= from && reading.Timestamp <= to)];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ends = true;
        _thread.Join();
        _trace?.Dispose();
        _session.Dispose();
    }

    private void Fail()
    {
        if (_fault is { } fault)
        {
            throw new InvalidOperationException($"the card can no longer be read: {fault.Message}", fault);
        }
    }

    private void Watch()
    {
        try
        {
            ulong energy = 0;
            double? average = null, instant = null;
            var looked = _time.GetTimestamp();
            var (counted, recorded) = (looked, 0L);
            var pending = true;
            while (!_ends)
            {
                Thread.Sleep(1);
                var now = _time.GetTimestamp();
                Require(_card.ReadPower(false, out var power));
                pending |= power.AverageWatts != average || power.InstantWatts != instant || Seconds(counted, now) > LookAnyway;
                (average, instant) = (power.AverageWatts, power.InstantWatts);
                if (pending)
                {
                    var before = now;
                    Require(_card.ReadPower(true, out var counter));
                    if (counter.EnergyMillijoules is { } millijoules && millijoules != energy)
                    {
                        if (energy > 0)
                        {
                            lock (_gate)
                            {
                                _ticks.Add(new(before, millijoules, Seconds(looked, before)));
                            }
                        }

                        (energy, counted, pending) = (millijoules, before, false);
                    }

                    now = _time.GetTimestamp();
                }

                looked = now;
                if (Seconds(recorded, now) >= RecordEvery)
                {
                    recorded = now;
                    Require(_card.ReadState(out var state));
                    Record(now, energy, power, state);
                    looked = _time.GetTimestamp();
                }
            }
        }
        catch (Exception fault) when (fault is InvalidOperationException or IOException)
        {
            _fault = fault;
        }
    }

    private void Record(long now, ulong energy, PowerSample power, StateSample state)
    {
        double? throttled = state.Throttle is { SwThermal: null, HwThermal: null, PowerBrake: null } ? null : (state.Throttle.SwThermal ?? 0) + (state.Throttle.HwThermal ?? 0) + (double)(state.Throttle.PowerBrake ?? 0);
        lock (_gate)
        {
            _readings.Add(new(now, power.AverageWatts, state.TemperatureCelsius, state.SmClockHertz, throttled));
        }

        _latest = new()
        {
            Time = _time.GetUtcNow(), Origin = Origin.Measured, PowerWatts = power.AverageWatts, PowerLimitWatts = state.PowerLimitWatts, TemperatureCelsius = state.TemperatureCelsius,
            MemoryTemperatureCelsius = state.MemoryTemperatureCelsius, ThermalMarginCelsius = state.ThermalMarginCelsius, UtilizationRatio = state.UtilizationRatio, MemoryActivityRatio = state.MemoryActivityRatio,
            MemoryUsedBytes = state.MemoryUsedBytes, MemoryTotalBytes = state.MemoryTotalBytes, SmClockHertz = state.SmClockHertz,
        };
        if (_trace is null)
        {
            return;
        }

        _ = _session.Library.EventReasons(_card.Device, out var reasons);
        var line = string.Create(CultureInfo.InvariantCulture,
            $"{_time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0:0.0000},0,{1000 * power.AverageWatts:0},{1000 * power.InstantWatts:0},{(energy > 0 ? energy : null as ulong?)},{state.TemperatureCelsius},{state.MemoryTemperatureCelsius},{100 * state.UtilizationRatio:0},{100 * state.MemoryActivityRatio:0},{state.MemoryUsedBytes / 1048576},{state.SmClockHertz / 1e6:0},{state.MemoryClockHertz / 1e6:0},{reasons},{1000 * state.PowerLimitWatts:0},{Interlocked.Read(ref _tokens)},{_phase}\n");
        _trace.Write(line);
    }

    private double Seconds(long from, long to) => _time.GetElapsedTime(from, to).TotalSeconds;

    private static void Require(NvmlReturn code)
    {
        if (code != NvmlReturn.Success)
        {
            throw new InvalidOperationException(code.Explain());
        }
    }
}
