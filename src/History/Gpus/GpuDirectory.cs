using System.Collections.Immutable;
using EnergyTTT.Wire.Gpus;
using Npgsql;

namespace EnergyTTT.History.Gpus;

/// <summary>The GPUs that were ever heard of, with what is known of each: lets a silo that has just started show what the fleet was, and how old that is.</summary>
public sealed class GpuDirectory(NpgsqlDataSource source)
{
    /// <summary>All known GPUs, ordered by site, rack, host and identity.</summary>
    public Task<ImmutableArray<KnownGpu>> Read(CancellationToken cancellationToken) => ReadKnownGpus.Execute(source, null, cancellationToken);

    /// <summary>One GPU; null when it was never heard of.</summary>
    public async Task<KnownGpu?> Find(GpuId gpu, CancellationToken cancellationToken) =>
        (await ReadKnownGpus.Execute(source, gpu, cancellationToken)).FirstOrDefault();
}
