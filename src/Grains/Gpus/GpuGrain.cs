using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Grains.Fleet;
using EnergyTTT.Routing.Thermal;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Options;
using Orleans.Placement;

namespace EnergyTTT.Grains.Gpus;

/// <inheritdoc cref="IGpuGrain"/>
/// <remarks>
/// Lives on the silo that its host's frames come to, so that a frame does not travel twice. Keeps no state in the grain storage: the
/// history has every frame, and what it says is where a new activation starts from (docs/decisions/0030).
/// </remarks>
[GrainType("gpu"), PreferLocalPlacement]
public sealed class GpuGrain(
    FleetSlice slice,
    IKnownGpus known,
    IOptions<GpuGrainOptions> options,
    GpuInstruments instruments) : Grain, IGpuGrain
{
    private const double HorizonSeconds = 30;
    private readonly ThermalForecaster _forecaster = new();
    private readonly SampleWindow _window = new(options.Value.Window);
    private GpuId _gpu;
    private GpuState? _state;
    private DateTimeOffset _countedUntil;
    private double _energyJoules;
    private long _duplicates;
    private long _stale;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _gpu = GpuId.FromGrainKey(this.GetPrimaryKeyString());
        var remembered = await known.Remember(_gpu, cancellationToken);
        _state = remembered.State;
        _countedUntil = remembered.AsOf;
        _energyJoules = remembered.State?.EnergyTotalJoules ?? 0;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        slice.Withdraw(_gpu);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Record(GpuFrames frames, CancellationToken cancellationToken)
    {
        var newest = _state?.Latest;
        foreach (var frame in frames.Frames)
        {
            if (Take(frame, frames) && (newest is null || frame.Time >= newest.Time))
            {
                newest = frame;
            }
        }

        if (newest is not null)
        {
            Publish(frames, newest);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<GpuState?> Latest(CancellationToken cancellationToken) => Task.FromResult(_state);

    /// <inheritdoc/>
    public Task<GpuWindow> Window(CancellationToken cancellationToken) =>
        Task.FromResult(new GpuWindow(options.Value.Window.TotalSeconds, _window.Samples, _duplicates, _stale));

    private bool Take(Frame frame, GpuFrames frames)
    {
        var before = _window.Newest;
        var outcome = _window.Offer(frame, frames.Boot);
        if (outcome == SampleWindow.Outcome.Duplicate)
        {
            _duplicates++;
            instruments.Duplicate();
            return false;
        }

        // A stale frame is late, not wrong: its energy was used all the same. What the history had counted already is not counted again.
        _energyJoules += frames.Received > _countedUntil ? frame.EnergyJoules ?? 0 : 0;
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
        var forecast = newest.TemperatureCelsius is null ? null : _forecaster.Expect(HorizonSeconds);
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
            EnergyTotalJoules = _energyJoules,
        };
        slice.Publish(_state);
    }
}
