using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Telemetry.Replays;

/// <summary>One host of virtual GPUs.</summary>
public sealed record VirtualHost(string Site, string Rack, string Host, ImmutableArray<VirtualGpu> Gpus)
{
    /// <summary>Lays the fleet out: GPUs fill hosts, hosts fill racks, racks are dealt to the sites in turn.</summary>
    public static ImmutableArray<VirtualHost> Plan(ReplayOptions options, int traceSeconds)
    {
        var random = new Random(options.Seed);
        var hosts = ImmutableArray.CreateBuilder<VirtualHost>();
        for (var planned = 0; planned < options.Gpus; planned += options.GpusPerHost)
        {
            var rack = hosts.Count / options.HostsPerRack;
            var gpus = ImmutableArray.CreateBuilder<VirtualGpu>();
            for (var i = planned; i < Math.Min(options.Gpus, planned + options.GpusPerHost); i++)
            {
                var id = string.Create(CultureInfo.InvariantCulture, $"GPU-replay-{random.Next():x8}-{i:x4}");
                gpus.Add(new VirtualGpu(GpuId.Parse(id), random.Next(traceSeconds)));
            }

            hosts.Add(new VirtualHost(
                options.Sites[rack % options.Sites.Count],
                options.Rack ?? string.Create(CultureInfo.InvariantCulture, $"r{rack + 1:00}"),
                string.Create(CultureInfo.InvariantCulture, $"{options.HostPrefix}{hosts.Count + 1:000}"),
                gpus.ToImmutable()));
        }

        return hosts.ToImmutable();
    }
}
