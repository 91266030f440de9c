using EnergyTTT.Contracts.Gpus;

namespace EnergyTTT.Portal.Fleets;

/// <summary>A site, rack or host, with the GPUs in it. Names that the sender did not give are null, and shown as "(no site)" or "(no rack)".</summary>
/// <param name="Site">The site.</param>
/// <param name="Rack">The rack; null also for a whole site.</param>
/// <param name="Host">The host; null for a rack or site.</param>
/// <param name="Gpus">Its GPUs, in the fleet's order.</param>
public sealed record FleetPlace(string? Site, string? Rack, string? Host, IReadOnlyList<GpuState> Gpus)
{
    /// <summary>What stands for a site that the sender did not name.</summary>
    public const string NoSite = "(no site)";

    /// <summary>What stands for a rack that the sender did not name.</summary>
    public const string NoRack = "(no rack)";

    /// <summary>Sums and extremes over its GPUs.</summary>
    public FleetTotals Totals { get; } = FleetTotals.Of(Gpus);

    /// <summary>The site's name as shown.</summary>
    public string SiteName => Site ?? NoSite;

    /// <summary>The rack's name as shown.</summary>
    public string RackName => Rack ?? NoRack;

    /// <summary>The sites of some GPUs, in their order.</summary>
    public static IEnumerable<FleetPlace> Sites(IEnumerable<GpuState> gpus) =>
        gpus.GroupBy(gpu => gpu.Site).Select(group => new FleetPlace(group.Key, null, null, [.. group]));

    /// <summary>The racks of some GPUs, in their order; racks of one name in two sites are two racks.</summary>
    public static IEnumerable<FleetPlace> Racks(IEnumerable<GpuState> gpus) =>
        gpus.GroupBy(gpu => (gpu.Site, gpu.Rack)).Select(group => new FleetPlace(group.Key.Site, group.Key.Rack, null, [.. group]));

    /// <summary>The hosts of some GPUs, in their order.</summary>
    public static IEnumerable<FleetPlace> HostsOf(IEnumerable<GpuState> gpus) =>
        gpus.GroupBy(gpu => (gpu.Site, gpu.Rack, gpu.Host)).Select(group => new FleetPlace(group.Key.Site, group.Key.Rack, group.Key.Host, [.. group]));
}
