using System.CommandLine;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Nvml;
using EnergyTTT.Telemetry.Passports;
using EnergyTTT.Telemetry.Sources;

namespace EnergyTTT.Cli.Agents;

/// <summary><c>energyttt agent check</c>: the sensor passports of this host, as its agent would send them.</summary>
public static class AgentCheckCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var check = new Command("check", "Print which sensors each GPU of this host has, how often they tick and what they average over.") { json };
        check.SetAction(async (result, cancellationToken) =>
        {
            var options = new NvmlOptions { Place = new HostPlace(Environment.MachineName), Boot = "check" };
            await using var source = new NvmlSource(options, TimeProvider.System, StreamLog.None);
            return PassportPrinter.Print(await source.Describe(cancellationToken), result.GetValue(json), Console.Out);
        });
        return new Command("agent", "The agent of this host.") { check };
    }
}
