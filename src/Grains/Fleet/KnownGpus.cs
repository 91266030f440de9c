using System.Collections.Concurrent;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.History.Gpus;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Grains.Fleet;

/// <inheritdoc cref="IKnownGpus"/>
/// <remarks>
/// The directory is read whole once per process: after a restart 10,000 grains wake up in the same second, and one query serves them all.
/// </remarks>
internal sealed class KnownGpus(GpuDirectory directory, IFleetSlices slices, TimeProvider time) : IKnownGpus, IDisposable
{
    private readonly ConcurrentDictionary<GpuId, bool> _seen = new();
    private readonly SemaphoreSlim _turn = new(1);
    private ConcurrentDictionary<GpuId, GpuState>? _atStart;
    private DateTimeOffset _asOf;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<GpuState>> All(CancellationToken cancellationToken) =>
        [.. (await directory.Read(cancellationToken)).Select(ToState).OfType<GpuState>()];

    /// <inheritdoc/>
    public async Task<RememberedGpu> Remember(GpuId gpu, CancellationToken cancellationToken)
    {
        var atStart = await AtStart(cancellationToken);
        var first = _seen.TryAdd(gpu, true);
        if (atStart.TryRemove(gpu, out var state))
        {
            return new RememberedGpu(state, _asOf);
        }

        // A GPU that was not there at the start, wakes up for the first time and cannot have lived on another silo is a new one.
        if (first && slices.Silos().Count <= 1)
        {
            return new RememberedGpu(null, DateTimeOffset.MinValue);
        }

        var asOf = time.GetUtcNow();
        var found = await directory.Find(gpu, cancellationToken) is { } known ? ToState(known) : null;
        return new RememberedGpu(found, found is null ? DateTimeOffset.MinValue : asOf);
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task<ConcurrentDictionary<GpuId, GpuState>> AtStart(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _atStart) is { } read)
        {
            return read;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_atStart is null)
            {
                _asOf = time.GetUtcNow();
                var states = await All(cancellationToken);
                Volatile.Write(ref _atStart, new ConcurrentDictionary<GpuId, GpuState>(states.Select(state => KeyValuePair.Create(state.Gpu, state))));
            }

            return _atStart;
        }
        finally
        {
            _turn.Release();
        }
    }

    private static GpuState? ToState(KnownGpu known) => known is { Latest: { } latest, Received: { } received }
        ? new GpuState
        {
            Gpu = known.Gpu,
            Site = known.Site,
            Rack = known.Rack,
            Host = known.Host,
            Description = known.Description,
            Latest = latest,
            Received = received,
            EnergyTotalJoules = known.EnergyTotalJoules,
        }
        : null;
}
