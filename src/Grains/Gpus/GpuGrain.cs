using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Grains.Fleet;
using EnergyTTT.Routing.Thermal;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;

namespace EnergyTTT.Grains.Gpus;

/// <inheritdoc cref="IGpuGrain"/>
/// <remarks>Lives on the silo that its host's frames come to, so that a frame does not travel twice.</remarks>
[GrainType("gpu"), PreferLocalPlacement]
public sealed partial class GpuGrain(
    [PersistentState(GpuMemory.StateName)] IPersistentState<GpuMemory> memory,
    FleetSlice slice,
    IKnownGpus known,
    IOptions<GpuGrainOptions> options,
    TimeProvider time,
    GpuInstruments instruments,
    ILogger<GpuGrain> log) : Grain, IGpuGrain
{
    private const double HorizonSeconds = 30;
    private readonly ThermalForecaster _forecaster = new();
    private readonly SampleWindow _window = new(options.Value.Window);
    private GpuId _gpu;
    private GpuState? _state;
    private GpuMemory _memory = new();
    private DateTimeOffset _countedUntil;
    private DateTimeOffset _nextWrite;
    private bool _unwritten;
    private long _duplicates;
    private long _stale;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _gpu = GpuId.FromGrainKey(this.GetPrimaryKeyString());
        var remembered = await known.Remember(_gpu, memory.RecordExists, cancellationToken);
        _state = remembered.State;
        _countedUntil = remembered.AsOf;

        // The history counts every frame, the memory may lack those of its last interval.
        _memory = remembered.State is { } state ? memory.State with { EnergyTotalJoules = state.EnergyTotalJoules } : memory.State;

        // GPUs that appeared together must not write together for ever.
        var share = (uint)_gpu.Value.GetHashCode(StringComparison.Ordinal) / (double)uint.MaxValue;
        _nextWrite = time.GetUtcNow() + (options.Value.WriteInterval * (0.5 + (share / 2)));
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        slice.Withdraw(_gpu);
        if (_unwritten)
        {
            await Persist(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task Record(GpuFrames frames, CancellationToken cancellationToken)
    {
        var newest = _state?.Latest;
        foreach (var frame in frames.Frames)
        {
            if (Take(frame, frames) && (newest is null || frame.Time >= newest.Time))
            {
                newest = frame;
            }
        }

        if (newest is null)
        {
            return;
        }

        Publish(frames, newest);
        if (time.GetUtcNow() >= _nextWrite)
        {
            await Persist(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task<GpuState?> Latest(CancellationToken cancellationToken) => Task.FromResult(_state);

    /// <inheritdoc/>
    public Task<GpuWindow> Window(CancellationToken cancellationToken) =>
        Task.FromResult(new GpuWindow(options.Value.Window.TotalSeconds, _window.Samples, _duplicates, _stale));

    private bool Take(Frame frame, GpuFrames frames)
    {
        var before = _window.Newest;
        var boot = frames.Boot;
        var outcome = _window.Offer(frame, boot);
        if (outcome == SampleWindow.Outcome.Duplicate)
        {
            _duplicates++;
            instruments.Duplicate();
            return false;
        }

        // A stale frame is late, not wrong: its energy was used all the same.
        var sameBoot = string.Equals(_memory.Boot, boot, StringComparison.Ordinal);
        var later = frame.Time > _memory.Time;
        _memory = _memory with
        {
            EnergyTotalJoules = _memory.EnergyTotalJoules + (frames.Received > _countedUntil ? frame.EnergyJoules ?? 0 : 0),
            Boot = later ? boot : _memory.Boot,
            Sequence = later && !sameBoot ? frame.Sequence : sameBoot ? Math.Max(_memory.Sequence, frame.Sequence) : _memory.Sequence,
            Time = later ? frame.Time : _memory.Time,
        };
        _unwritten = true;
        if (outcome == SampleWindow.Outcome.Stale)
        {
            _stale++;
            instruments.Stale();
            return false;
        }

        if (frame.PowerAverageWatts is { } watts && frame.TemperatureCelsius is { } celsius && !(frame.Time <= before?.Time))
        {
            _forecaster.Observe((frame.Time - DateTimeOffset.UnixEpoch).TotalSeconds, watts, celsius);
        }

        return true;
    }

    private void Publish(GpuFrames frames, Frame newest)
    {
        // A forecast of a reading that is no longer there would be a guess presented as knowledge.
        var forecast = newest.TemperatureCelsius is null ? null : _forecaster.Hold(HorizonSeconds);
        _state = new GpuState
        {
            Gpu = _gpu,
            Site = frames.Site,
            Rack = frames.Rack,
            Host = frames.Host,
            Description = frames.Description ?? _state?.Description,
            Latest = newest,
            Received = frames.Received,
            ClockSkewSeconds = frames.ClockSkewSeconds,
            ForecastCelsius = forecast?.Celsius,
            ForecastErrorCelsius = forecast?.MeanAbsoluteErrorCelsius,
            EnergyTotalJoules = _memory.EnergyTotalJoules,
        };
        slice.Publish(_state);
    }

    private async Task Persist(CancellationToken cancellationToken)
    {
        _nextWrite = time.GetUtcNow() + options.Value.WriteInterval;
        memory.State = _memory;
        try
        {
            await memory.WriteStateAsync(cancellationToken);
            _unwritten = false;
        }
        catch (Exception exception) when (exception is not (Orleans.Storage.InconsistentStateException or OperationCanceledException))
        {
            // The database is away: the frames go on, the next interval writes.
            LogNotWritten(exception, _gpu);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The memory of {Gpu} was not written; the next interval tries again")]
    private partial void LogNotWritten(Exception exception, GpuId gpu);
}
