using EnergyTTT.Agent.Arguments;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Passports;

namespace EnergyTTT.Agent.Runs;

/// <summary><c>check</c>: the sensor passports.</summary>
internal static class AgentCheck
{
    public static async Task<int> Run(AgentArguments arguments, TextWriter output, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        await using var source = AgentSources.Create(arguments, client, TimeProvider.System, StreamLog.None);
        return PassportPrinter.Print(await source.Describe(cancellationToken), arguments.Json, output);
    }
}
