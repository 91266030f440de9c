using EnergyTTT.Contracts.Fleet;

namespace EnergyTTT.Silo.Fleet;

/// <summary>The newest snapshot of the fleet for the API of this process: however many ask, the fleet grain is asked at most twice a second.</summary>
public sealed class FleetView(IGrainFactory grains, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);
    private readonly SemaphoreSlim _turn = new(1);
    private FleetSnapshot _snapshot = FleetSnapshot.Empty with { Version = -1 };
    private long _asked;

    /// <summary>The snapshot, at most half a second behind the fleet grain's own.</summary>
    public async Task<FleetSnapshot> Snapshot(CancellationToken cancellationToken)
    {
        if (IsFresh())
        {
            return Volatile.Read(ref _snapshot);
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!IsFresh())
            {
                var newer = await grains.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(_snapshot.Version, cancellationToken);
                Volatile.Write(ref _snapshot, newer ?? _snapshot);
                Volatile.Write(ref _asked, time.GetTimestamp());
            }

            return _snapshot;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private bool IsFresh() => Volatile.Read(ref _asked) is not 0 and var asked && time.GetElapsedTime(asked) < Fresh;
}
