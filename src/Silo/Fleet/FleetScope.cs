using EnergyTTT.Contracts.Gpus;

namespace EnergyTTT.Silo.Fleet;

/// <summary>A part of the fleet: pairs of noun and name, all of which must hold, such as <c>site/ams/rack/r07</c>. Empty is the whole fleet.</summary>
public sealed record FleetScope(string? Site, string? Rack, string? Host, string? Gpu)
{
    /// <summary>Reads a scope; false with what is wrong when it is none.</summary>
    public static bool TryParse(string? text, out FleetScope scope, out string fault)
    {
        scope = new FleetScope(null, null, null, null);
        fault = "";
        var parts = (text ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["fleet"])
        {
            return true;
        }

        if (parts.Length % 2 != 0)
        {
            fault = $"'{text}' is no scope: pairs such as site/ams/rack/r07 or host/host-3 expected.";
            return false;
        }

        for (var i = 0; i < parts.Length; i += 2)
        {
            var named = parts[i] switch
            {
                "site" => scope with { Site = parts[i + 1] },
                "rack" => scope with { Rack = parts[i + 1] },
                "host" => scope with { Host = parts[i + 1] },
                "gpu" => scope with { Gpu = parts[i + 1] },
                _ => null,
            };
            if (named is null)
            {
                fault = $"'{parts[i]}' is no noun of a scope: site, rack, host or gpu expected.";
                return false;
            }

            scope = named;
        }

        return true;
    }

    /// <summary>Whether the GPU lies in the scope.</summary>
    public bool Holds(GpuState state) =>
        (Site is null || Site == state.Site) && (Rack is null || Rack == state.Rack) && (Host is null || Host == state.Host) && (Gpu is null || Gpu == state.Gpu.Value);
}
