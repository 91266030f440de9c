using EnergyTTT.Agent.Arguments;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Nvml;
using EnergyTTT.Telemetry.PowerCaps;

namespace EnergyTTT.Agent.Runs;

/// <summary><c>cap-helper</c>: holds power limits for an agent on this host, until a signal ends it.</summary>
internal static class AgentCapHelper
{
    public static async Task<int> Run(AgentArguments arguments)
    {
        var time = TimeProvider.System;
        var log = new StreamLog(Console.Error, time);
        using var stop = new StopSignals();
        if (NvmlCappedCards.TryOpen(NvmlOptions.DefaultLibrary, time, out var reason) is not { } cards)
        {
            log.Write(LogLevel.Error, "power caps cannot be set: " + reason);
            return 1;
        }

        using (cards)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(arguments.CapState)) ?? "/");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(arguments.CapSocket)) ?? "/");
            await new CapHelper(arguments.CapSocket, new CapKeeper(cards, new PriorLimits(arguments.CapState), arguments.CapLease, time, log), time, log).Run(stop.Token);
        }

        return 0;
    }
}
