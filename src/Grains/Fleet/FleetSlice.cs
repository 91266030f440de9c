using System.Collections.Concurrent;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Grains.Fleet;

/// <summary>What the GPU grains of one silo have published last: one entry per GPU, replaced and never queued. Safe for all grains at once.</summary>
public sealed class FleetSlice
{
    private readonly ConcurrentDictionary<GpuId, Entry> _entries = new();
    private long _version;

    /// <summary>Counts up with every publication on this silo.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Publishes the state of a GPU.</summary>
    public void Publish(GpuState state) => _entries[state.Gpu] = new Entry(state, Interlocked.Increment(ref _version));

    /// <summary>Takes a GPU out, because its grain left this silo; the fleet keeps the last state that it saw.</summary>
    public void Withdraw(GpuId gpu) => _entries.TryRemove(gpu, out _);

    /// <summary>The states published after that version (-1 asks for all), with the version to ask from next time.</summary>
    public FleetChanges Since(long version)
    {
        // Read before the walk: what is published during it is told twice rather than never.
        var next = Version;
        List<GpuState> changed = [];
        foreach (var entry in _entries.Values)
        {
            if (entry.Version > version)
            {
                changed.Add(entry.State);
            }
        }

        return new FleetChanges(next, [.. changed]);
    }

    private sealed record Entry(GpuState State, long Version);
}
