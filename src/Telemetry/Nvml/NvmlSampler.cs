using EnergyTTT.Telemetry.Frames;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>
/// Reads the GPUs of this host, step by step: power at each step that is due; the energy counter, the rest and a frame per GPU once a second. (The counter
/// loses nothing by being read at the frames' ends only, and reading it costs a thousand times a power reading; see docs/decisions/0020.) A lost card is
/// left alone until it answers again; a lost driver is waited for with growing pauses. To be called by one thread.
/// </summary>
internal sealed class NvmlSampler(NvmlOptions options, TimeProvider time, ITelemetryLog log, Action<TimeSpan> pause) : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DescribeEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan VerifyEvery = TimeSpan.FromSeconds(30);

    private readonly Dictionary<GpuId, GpuTrack> _tracks = [];
    private readonly List<GpuTrack> _order = [];
    private NvmlSession? _session;
    private TimeSpan _nextOpen = TimeSpan.MinValue;
    private TimeSpan _retry = Second;
    private TimeSpan? _nextSecond;
    private TimeSpan _nextDescription = TimeSpan.MinValue;
    private TimeSpan _nextVerify;

    /// <summary>Why the host cannot be read now, or null.</summary>
    public string? HostFault { get; private set; }

    /// <summary>The GPUs seen so far, in the driver's order.</summary>
    public IReadOnlyList<GpuTrack> Tracks => _order;

    /// <summary>Cards that could not be opened, in words.</summary>
    public IReadOnlyList<string> Closed => _session?.Closed ?? [];

    private TimeSpan Now => time.GetElapsedTime(0, time.GetTimestamp());

    /// <summary>Does what is due, and answers the host's batch when a second has passed and there is anything to tell.</summary>
    public TelemetryBatch? Step()
    {
        if (_session is null && !(Now >= _nextOpen && Open()))
        {
            return Told([]);
        }

        _nextSecond ??= Now + Second;
        var second = Now + TimeSpan.FromMilliseconds(5) >= _nextSecond;
        Read(track => track.PowerPace.Due(Now) && !(second && track.FramePace.Due(Now)), ReadPower);
        if (!second || _session is null)
        {
            return _session is null ? Told([]) : null;
        }

        // After a long stop (suspended host) the seconds are counted afresh instead of made up for.
        _nextSecond = Now - _nextSecond > Second ? Now + Second : _nextSecond + Second;
        Read(track => track.FramePace.Due(Now), ReadFrame);
        Verify();
        return Told(Cut());
    }

    /// <summary>Opens the library unless it is open; false with <see cref="HostFault"/> where it cannot be.</summary>
    public bool Open()
    {
        if (_session is not null)
        {
            return true;
        }

        _session = NvmlSession.TryOpen(options.LibraryPath, time, out var code);
        if (_session is null)
        {
            Lose(code);
            return false;
        }

        (HostFault, _retry, _nextSecond, _nextDescription) = (null, Second, null, TimeSpan.MinValue);
        _order.Clear();
        foreach (var card in _session.Cards)
        {
            if (_tracks.TryGetValue(card.Gpu, out var track))
            {
                track.Reopen(card);
            }
            else
            {
                _tracks[card.Gpu] = track = new GpuTrack(card, options.SampleEvery);
            }

            _order.Add(track);
            if (card.Fatal != NvmlReturn.Success)
            {
                track.Fail(card.Fatal);
            }
        }

        log.Write(LogLevel.Information, $"opened {_session.Cards.Count} GPUs of {options.Place.Host}");
        foreach (var closed in _session.Closed)
        {
            log.Write(LogLevel.Warning, closed);
        }

        if (options.WatchTicksFor > TimeSpan.Zero)
        {
            TickWatch.Observe([.. _order.Where(track => track.Fault is null).Select(track => track.Card)], options.WatchTicksFor, TimeSpan.FromMilliseconds(5), time, pause);
        }

        // The counter's first value, from which the first frame counts.
        Read(_ => true, ReadFrame);
        _order.ForEach(track => track.Complete = false);
        _nextVerify = Now + VerifyEvery;
        return _session is not null;
    }

    /// <inheritdoc/>
    public void Dispose() => _session?.Dispose();

    private void Read(Func<GpuTrack, bool> due, Func<GpuTrack, NvmlReturn> read)
    {
        foreach (var track in _order)
        {
            if (!track.Readable || !due(track))
            {
                continue;
            }

            var code = read(track);
            if (code.Meaning() == NvmlMeaning.HostFailed)
            {
                Lose(code);
                return;
            }

            if (code.Meaning() == NvmlMeaning.CardFailed)
            {
                track.Fail(code);
                log.Write(LogLevel.Error, $"{track.Card.Gpu}: {code.Explain()}");
            }
        }
    }

    private NvmlReturn ReadPower(GpuTrack track)
    {
        var began = Now;
        var code = track.Card.ReadPower(withCounter: false, out var sample);
        track.PowerPace.Took(began, Now - began);
        if (code == NvmlReturn.Success)
        {
            track.Frames.Add(sample);
        }

        return code;
    }

    private NvmlReturn ReadFrame(GpuTrack track)
    {
        var began = Now;
        var code = track.Card.ReadPower(withCounter: true, out var sample);
        StateSample state = default;
        code = code == NvmlReturn.Success ? track.Card.ReadState(out state) : code;
        track.FramePace.Took(began, Now - began);
        if (code == NvmlReturn.Success)
        {
            track.Frames.Add(sample);
            track.Frames.Add(state);
            track.Complete = true;
        }

        return code;
    }

    private List<Frame> Cut()
    {
        var frames = new List<Frame>(_order.Count);
        var wall = time.GetUtcNow();
        foreach (var track in _order)
        {
            if (track.Resets() is > 0 and var resets)
            {
                log.Write(LogLevel.Warning, $"{track.Card.Gpu}: the energy counter was reset ({resets} so far); the delta was dropped");
            }

            if (track is { Readable: true, Complete: true } && track.Frames.Cut(wall) is { } frame)
            {
                frames.Add(frame);
            }

            track.Complete = false;
        }

        return frames;
    }

    private TelemetryBatch? Told(List<Frame> frames)
    {
        var anyway = Now >= _nextDescription;
        if (anyway)
        {
            _nextDescription = Now + DescribeEvery;
        }

        List<GpuDescription> told = [.. _order.Select(track => track.Tell(anyway)).OfType<GpuDescription>()];
        return frames.Count == 0 && told.Count == 0 ? null : new TelemetryBatch
        {
            Source = "agent/" + options.Place.Host,
            Boot = options.Boot,
            Site = options.Place.Site,
            Rack = options.Place.Rack,
            Host = options.Place.Host,
            Gpus = told.Count > 0 ? told : null,
            Frames = frames,
        };
    }

    private void Lose(NvmlReturn code)
    {
        HostFault = code.Explain();
        log.Write(LogLevel.Error, $"{options.Place.Host}: {HostFault}; trying again in {_retry.TotalSeconds:0} s");
        _session?.Dispose();
        _session = null;
        foreach (var track in _order)
        {
            track.Fail(code);
        }

        _nextOpen = Now + _retry;
        _retry = _retry * 2 < LongestRetry ? _retry * 2 : LongestRetry;
    }

    // Seldom: is every handle still the card it was, has a lost one come back, does one sleep?
    private void Verify()
    {
        foreach (var track in _order)
        {
            track.LookForSleep();
        }

        if (Now < _nextVerify || _session is null)
        {
            return;
        }

        _nextVerify = Now + VerifyEvery;
        foreach (var track in _order)
        {
            var uuid = "";
            var code = track.Suspended ? NvmlReturn.Timeout : track.Card.ReadIdentity(out uuid);
            var exchanged = code == NvmlReturn.Success && uuid != track.Card.Gpu.Value;
            if (exchanged || (code == NvmlReturn.Success && track.Failed))
            {
                log.Write(LogLevel.Warning, exchanged ? $"{track.Card.Gpu} became {uuid}: reading the host afresh" : $"{track.Card.Gpu} answers again: reading the host afresh");
                _session.Dispose();
                _session = null;
                _nextOpen = Now;
                return;
            }
        }
    }
}
