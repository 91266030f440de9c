using EnergyTTT.Contracts.Fleet;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Grains.Fleet;

/// <inheritdoc cref="IFleetGrain"/>
/// <remarks>Keeps what it saw of a silo that left: its GPUs stay in view and grow old until another silo publishes them.</remarks>
[GrainType("fleet")]
public sealed partial class FleetGrain(IFleetSlices slices, IKnownGpus known, TimeProvider time, ILogger<FleetGrain> log) : Grain, IFleetGrain
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly Dictionary<SiloAddress, long> _asked = [];
    private readonly FleetRoll _roll = new();
    private FleetSnapshot _snapshot = FleetSnapshot.Empty;
    private bool _knownRead;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // Starting from the clock keeps versions growing over activations, so that a viewer's "newer than" stays true.
        _snapshot = FleetSnapshot.Empty with { Version = time.GetUtcNow().ToUnixTimeMilliseconds() };
        await Join(cancellationToken);
        this.RegisterGrainTimer(Join, new GrainTimerCreationOptions(Interval, Interval) { Interleave = true, KeepAlive = true });
    }

    /// <inheritdoc/>
    public Task<FleetSnapshot?> Snapshot(long after, CancellationToken cancellationToken) =>
        Task.FromResult(_snapshot.Version > after ? _snapshot : null);

    private async Task Join(CancellationToken cancellationToken)
    {
        await ReadKnown(cancellationToken);
        var silos = slices.Silos();
        foreach (var gone in _asked.Keys.Except(silos).ToList())
        {
            _asked.Remove(gone);
        }

        foreach (var silo in silos)
        {
            await Ask(silo);
        }

        _snapshot = new FleetSnapshot(_snapshot.Version + 1, time.GetUtcNow(), _roll.Ordered());
    }

    private async Task Ask(SiloAddress silo)
    {
        try
        {
            var changes = await slices.Since(silo, _asked.GetValueOrDefault(silo, -1));
            _asked[silo] = changes.Version;
            foreach (var state in changes.Changed)
            {
                _roll.Put(state);
            }
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            // The silo is on its way out; the next second asks those that are there then.
            LogSliceMissed(exception, silo);
        }
    }

    private async Task ReadKnown(CancellationToken cancellationToken)
    {
        if (_knownRead)
        {
            return;
        }

        try
        {
            foreach (var state in await known.All(cancellationToken))
            {
                _roll.Put(state);
            }

            _knownRead = true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The database is away; live GPUs are shown meanwhile and the next second tries again.
            LogKnownNotRead(exception);
        }
    }

    [LoggerMessage(LogLevel.Debug, "The fleet slice of {Silo} did not answer")]
    private partial void LogSliceMissed(Exception exception, SiloAddress silo);

    [LoggerMessage(LogLevel.Warning, "The known GPUs could not be read from the history")]
    private partial void LogKnownNotRead(Exception exception);
}
