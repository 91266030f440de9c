using System.Collections.Concurrent;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>
/// The short keys of hosts, GPUs and boots, cached. Unknown or changed ones are written first, each in a transaction of its own,
/// so that silos that meet the same newcomer at once agree on its key.
/// </summary>
internal sealed class FrameDictionary
{
    private readonly ConcurrentDictionary<string, KnownHost> _hosts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<GpuId, KnownGpu> _gpus = new();
    private readonly ConcurrentDictionary<string, int> _boots = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<GpuId, GpuDescription> _described = new();

    /// <summary>Makes sure that everything the group names has a key, and is stored as the group describes it.</summary>
    public async Task Learn(NpgsqlConnection connection, IReadOnlyList<PendingBatch> group, CancellationToken cancellationToken)
    {
        await LearnHosts(connection, group, cancellationToken);
        await LearnGpus(connection, group, cancellationToken);
        await LearnDescriptions(connection, group, cancellationToken);
        await LearnBoots(connection, group, cancellationToken);
    }

    /// <summary>The key of a GPU that <see cref="Learn"/> has seen.</summary>
    public int Gpu(GpuId gpu) => _gpus[gpu].Id;

    /// <summary>The key of a boot that <see cref="Learn"/> has seen.</summary>
    public int Boot(string boot) => _boots[boot];

    private async Task LearnHosts(NpgsqlConnection connection, IReadOnlyList<PendingBatch> group, CancellationToken cancellationToken)
    {
        Dictionary<string, PendingBatch>? news = null;
        foreach (var pending in group)
        {
            var batch = pending.Batch;
            if (!_hosts.TryGetValue(batch.Host, out var known) || known.Rack != batch.Rack || known.Site != batch.Site || known.Source != batch.Source)
            {
                (news ??= new(StringComparer.Ordinal))[batch.Host] = pending;
            }
        }

        if (news is null)
        {
            return;
        }

        var rows = news.Values.OrderBy(pending => pending.Batch.Host, StringComparer.Ordinal).ToList();
        var ids = await UpsertHosts.Execute(connection, rows, cancellationToken);
        for (var i = 0; i < rows.Count; i++)
        {
            var batch = rows[i].Batch;
            _hosts[batch.Host] = new KnownHost(ids[batch.Host], batch.Rack, batch.Site, batch.Source);
        }
    }

    private async Task LearnGpus(NpgsqlConnection connection, IReadOnlyList<PendingBatch> group, CancellationToken cancellationToken)
    {
        SortedDictionary<string, UpsertGpus.Row>? news = null;
        foreach (var pending in group)
        {
            var host = _hosts[pending.Batch.Host].Id;
            foreach (var frame in pending.Frames)
            {
                Look(frame.Gpu, host, pending.Received);
            }

            foreach (var description in pending.Batch.Gpus ?? [])
            {
                Look(description.Gpu, host, pending.Received);
            }
        }

        if (news is null)
        {
            return;
        }

        foreach (var (uuid, id, host) in await UpsertGpus.Execute(connection, [.. news.Values], cancellationToken))
        {
            _gpus[GpuId.Parse(uuid)] = new KnownGpu(id, host);
        }

        void Look(GpuId gpu, int host, DateTimeOffset received)
        {
            if (!_gpus.TryGetValue(gpu, out var known) || known.HostId != host)
            {
                (news ??= new(StringComparer.Ordinal))[gpu.Value] = new UpsertGpus.Row(gpu.Value, host, received);
            }
        }
    }

    private async Task LearnDescriptions(NpgsqlConnection connection, IReadOnlyList<PendingBatch> group, CancellationToken cancellationToken)
    {
        foreach (var pending in group)
        {
            foreach (var description in pending.Batch.Gpus ?? [])
            {
                if (!_described.TryGetValue(description.Gpu, out var known) || !GpuDescriptions.Same(known, description))
                {
                    await UpdateGpuDescription.Execute(connection, _gpus[description.Gpu].Id, description, pending.Received, cancellationToken);
                    _described[description.Gpu] = description;
                }
            }
        }
    }

    private async Task LearnBoots(NpgsqlConnection connection, IReadOnlyList<PendingBatch> group, CancellationToken cancellationToken)
    {
        foreach (var pending in group)
        {
            if (pending.Frames.Count > 0 && !_boots.ContainsKey(pending.Batch.Boot))
            {
                _boots[pending.Batch.Boot] = await UpsertBoot.Execute(connection, pending.Batch.Boot, pending.Received, cancellationToken);
            }
        }
    }

    private sealed record KnownHost(int Id, string? Rack, string? Site, string Source);

    private readonly record struct KnownGpu(int Id, int HostId);
}
