using EnergyTTT.Agent.Arguments;
using EnergyTTT.Telemetry.Exporters;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Nvml;
using EnergyTTT.Telemetry.Replays;
using EnergyTTT.Telemetry.Sources;

namespace EnergyTTT.Agent.Runs;

/// <summary>Makes the source that the command line names.</summary>
internal static class AgentSources
{
    /// <param name="client">Scrapes exporters.</param>
    public static ITelemetrySource Create(AgentArguments arguments, HttpClient client, TimeProvider time, ITelemetryLog log)
    {
        var boot = Guid.CreateVersion7(time.GetUtcNow()).ToString("n");
        return arguments.Source switch
        {
            "replay" => new ReplaySource(
                new ReplayOptions
                {
                    Gpus = arguments.Gpus,
                    Speed = arguments.Speed,
                    Backfill = arguments.Backfill,
                    Seed = arguments.Seed,
                    Boot = boot,
                    Rack = arguments.Rack,
                    Sites = arguments.Site is { } site ? [site] : new ReplayOptions().Sites,
                    HostPrefix = arguments.HostGiven ? arguments.Host + "-" : new ReplayOptions().HostPrefix,
                },
                time),
            "dcgm" => new DcgmExporterSource(
                new DcgmOptions { Endpoints = arguments.DcgmUrls, Place = new HostPlace(arguments.Host, arguments.Site, arguments.Rack), Boot = boot }, client, time, log),
            _ => new NvmlSource(new NvmlOptions { Place = new HostPlace(arguments.Host, arguments.Site, arguments.Rack), Boot = boot }, time, log),
        };
    }
}
