using System.Collections.Immutable;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Portal.Components;
using EnergyTTT.Portal.Displays;

namespace EnergyTTT.Portal.Fleets;

/// <summary>What one cell of the heat map stands for.</summary>
public enum HeatCellKind
{
    /// <summary>One GPU.</summary>
    Gpu,

    /// <summary>A host, by the extreme of its GPUs.</summary>
    Host,

    /// <summary>A rack, by the extreme of its GPUs.</summary>
    Rack,
}

/// <summary>One cell: its name, where it leads, and the GPUs behind it.</summary>
/// <param name="Name">What a screen reader calls it.</param>
/// <param name="Address">Where it leads: one level down, or the GPU's page.</param>
/// <param name="Gpus">The GPUs behind it.</param>
public sealed record HeatCell(string Name, string Address, ImmutableArray<GpuState> Gpus);

/// <summary>A row of cells with the name of what they have in common: the GPUs of a host, or the hosts of a rack.</summary>
/// <param name="Name">The host or rack.</param>
/// <param name="Address">Where it leads; null where it is shown already.</param>
/// <param name="Cells">Its cells.</param>
public sealed record HeatRow(string Name, string? Address, ImmutableArray<HeatCell> Cells);

/// <summary>A box of rows: a rack, or a site.</summary>
/// <param name="Name">The rack or site.</param>
/// <param name="Address">Where it leads; null where it is shown already.</param>
/// <param name="Rows">Its rows.</param>
public sealed record HeatBox(string Name, string? Address, ImmutableArray<HeatRow> Rows);

/// <summary>
/// The fleet laid out as site > rack > host > GPU. A page never holds more than about a thousand cells: a larger scope is shown by
/// hosts, a still larger one by racks, each coloured by the hottest (or otherwise most extreme) GPU in it.
/// </summary>
/// <param name="Kind">What a cell stands for.</param>
/// <param name="Sites">The sites with their boxes.</param>
public sealed record HeatMapModel(HeatCellKind Kind, ImmutableArray<(string Site, string? Address, ImmutableArray<HeatBox> Boxes)> Sites)
{
    /// <summary>The most cells of one page.</summary>
    public const int MostCells = 1_024;

    /// <summary>All cells in the order in which they stand on the page.</summary>
    public IEnumerable<HeatCell> Cells => Sites.SelectMany(site => site.Boxes).SelectMany(box => box.Rows).SelectMany(row => row.Cells);

    /// <summary>Lays out the GPUs of a scope, in their order.</summary>
    public static HeatMapModel Of(IReadOnlyList<GpuState> gpus)
    {
        ArgumentNullException.ThrowIfNull(gpus);
        var kind = gpus.Count <= MostCells ? HeatCellKind.Gpu : FleetPlace.HostsOf(gpus).Take(MostCells + 1).Count() <= MostCells ? HeatCellKind.Host : HeatCellKind.Rack;
        var sites = FleetPlace.Sites(gpus).Select(site => (site.SiteName, (string?)Links.Site(site.Site), Boxes(site, kind))).ToImmutableArray();
        return new(kind, sites);
    }

    /// <summary>Whether both show the same cells, whatever their values.</summary>
    public bool HasLayoutOf(HeatMapModel other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Kind == other.Kind && Cells.Select(cell => cell.Address).SequenceEqual(other.Cells.Select(cell => cell.Address));
    }

    /// <summary>The number of a cell on a scale: that of its most extreme live GPU; null when none has one.</summary>
    public static double? Value(HeatCell cell, HeatScale scale, FleetView view)
    {
        ArgumentNullException.ThrowIfNull(cell);
        ArgumentNullException.ThrowIfNull(scale);
        ArgumentNullException.ThrowIfNull(view);
        var values = cell.Gpus.Where(gpu => view.Face == FleetFace.Stale || view.IsLive(gpu)).Select(gpu => Value(gpu, scale));
        return scale.To < scale.From ? values.Min() : values.Max();
    }

    /// <summary>The number of one GPU on a scale; null where its sensor is silent.</summary>
    public static double? Value(GpuState gpu, HeatScale scale)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(scale);
        var frame = gpu.Latest;
        return scale.Name switch
        {
            "power" => frame.PowerLimitWatts is > 0 ? frame.PowerAverageWatts / frame.PowerLimitWatts * 100 : null,
            "margin" => frame.ThermalMarginCelsius,
            "utilisation" => frame.UtilizationRatio * 100,
            _ => frame.TemperatureCelsius,
        };
    }

    private static ImmutableArray<HeatBox> Boxes(FleetPlace site, HeatCellKind kind)
    {
        if (kind == HeatCellKind.Rack)
        {
            var racks = FleetPlace.Racks(site.Gpus).Select(rack => new HeatCell(rack.RackName, Links.Rack(rack), [.. rack.Gpus])).ToImmutableArray();
            return [new(site.SiteName, null, [new("racks", null, racks)])];
        }

        return [.. FleetPlace.Racks(site.Gpus).Select(rack => new HeatBox(rack.RackName, Links.Rack(rack), Rows(rack, kind)))];
    }

    private static ImmutableArray<HeatRow> Rows(FleetPlace rack, HeatCellKind kind)
    {
        var hosts = FleetPlace.HostsOf(rack.Gpus);
        return kind == HeatCellKind.Host
            ? [new("hosts", null, [.. hosts.Select(host => new HeatCell(host.Host ?? "", Links.Host(host.Site, host.Rack, host.Host ?? ""), [.. host.Gpus]))])]
            : [.. hosts.Select(host => new HeatRow(host.Host ?? "", Links.Host(host.Site, host.Rack, host.Host ?? ""), [.. host.Gpus.Select(gpu => new HeatCell($"{host.Host}, {Links.Brief(gpu.Gpu)}", Links.Gpu(gpu.Gpu), [gpu]))]))];
    }
}
