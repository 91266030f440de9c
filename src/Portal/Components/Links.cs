using System.Globalization;
using EnergyTTT.Portal.Fleets;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Portal.Components;

/// <summary>The addresses of things, and the short names under which links to them are shown.</summary>
public static class Links
{
    /// <summary>The page of one GPU.</summary>
    public static string Gpu(GpuId gpu) => "/gpus?var-gpu=" + Uri.EscapeDataString(gpu.Value);

    /// <summary>One site in the heat map.</summary>
    public static string Site(string? site) => "/fleet?var-site=" + Uri.EscapeDataString(site ?? FleetPlace.NoSite);

    /// <summary>One rack in the heat map.</summary>
    public static string Rack(FleetPlace rack)
    {
        ArgumentNullException.ThrowIfNull(rack);
        return $"{Site(rack.Site)}&var-rack={Uri.EscapeDataString(rack.RackName)}";
    }

    /// <summary>One host in the heat map.</summary>
    public static string Host(string? site, string? rack, string host) =>
        $"{Site(site)}&var-rack={Uri.EscapeDataString(rack ?? FleetPlace.NoRack)}&var-host={Uri.EscapeDataString(host)}";

    /// <summary>The page of one deployment.</summary>
    public static string Deployment(string name) => "/deployments?var-deployment=" + Uri.EscapeDataString(name);

    /// <summary>The page of the router of one layer.</summary>
    public static string Router(string deployment, int layer) => $"/routers?var-deployment={Uri.EscapeDataString(deployment)}&var-layer={layer.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The policy of one scope.</summary>
    public static string Policy(string scope) => "/policies?var-scope=" + Uri.EscapeDataString(scope);

    /// <summary>An identity cut to what tells it apart: <c>GPU-4f3c2a10</c> of <c>GPU-4f3c2a10-...</c>; other spellings up to 20 characters.</summary>
    public static string Brief(GpuId gpu)
    {
        var value = gpu.Value;
        return value.StartsWith("GPU-", StringComparison.Ordinal) && value.Length == 40 ? value[..12] : value.Length <= 20 ? value : value[..9] + "…" + value[^10..];
    }
}
