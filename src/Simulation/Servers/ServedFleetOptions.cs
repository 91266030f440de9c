using EnergyTTT.Simulation.Fleets;

namespace EnergyTTT.Simulation.Servers;

/// <summary>A simulated fleet that takes part in a server through HTTP, as real hosts and engines would.</summary>
/// <param name="Server">The server's address.</param>
/// <param name="AgentKey">A key that may send telemetry of the fleet's hosts.</param>
/// <param name="EngineKey">A key of role engine (or administrator) that covers the fleet's deployments.</param>
public sealed record ServedFleetOptions(Uri Server, string AgentKey, string EngineKey)
{
    /// <summary>A key of role operator or administrator that puts the demo's policy; null leaves policies alone.</summary>
    public string? OperatorKey { get; init; }

    /// <summary>The demo's fleet as a server sees it: <see cref="SimulatedFleetOptions.Demo"/> in chunks of 4 s, the last deployment with engines that take a bias only.</summary>
    public static SimulatedFleetOptions DemoFleet { get; } = SimulatedFleetOptions.Demo with { ChunkSeconds = 4, BiasOnlyDeployments = 1 };

    /// <summary>What the fleet looks like. Default: <see cref="DemoFleet"/>.</summary>
    public SimulatedFleetOptions Fleet { get; init; } = DemoFleet;

    /// <summary>
    /// Simulated seconds per real second, 1 to 20. Default 1. Telemetry is one whole simulated second per real second whatever the speed, feedback is all there was.
    /// The deployments carry it as the tag <c>clock_speed</c>.
    /// </summary>
    public int ClockSpeed { get; init; } = 1;

    /// <summary>Simulated time that passes unsteered and round robin before the fleet takes part, so that it starts as a fleet without EnergyTTT: warm, its hot rack throttling. Default 4 min.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>How much of the warm-up is sent as past telemetry. Default 2 min.</summary>
    public TimeSpan Backfill { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Share of blocks that the demo's policy holds out; more than in production, so that both sides are seen soon. Default 0.3; up to 0.5.</summary>
    public double HoldOutShare { get; init; } = 0.3;

    /// <summary>The clock; the system's when left out.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Sends the requests; one of our own when null. Not disposed here.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>Says all that is wrong at once.</summary>
    /// <exception cref="ArgumentException">Something is.</exception>
    public void Validate()
    {
        List<string> wrong = [];
        Check(Server.IsAbsoluteUri && Server.Scheme is "http" or "https", $"Server is '{Server}': give an absolute http or https address");
        Check(!string.IsNullOrWhiteSpace(AgentKey) && !string.IsNullOrWhiteSpace(EngineKey), "a key is empty");
        Check(ClockSpeed is >= 1 and <= 20, $"ClockSpeed is {ClockSpeed}: give 1 to 20");
        Check(WarmUp >= TimeSpan.Zero && WarmUp <= TimeSpan.FromHours(1), $"WarmUp is {WarmUp}: give 0 to 1 h");
        Check(Backfill >= TimeSpan.Zero && Backfill <= WarmUp, $"Backfill is {Backfill}: give 0 to the warm-up of {WarmUp}");
        Check(HoldOutShare is >= 0 and <= 0.5, $"HoldOutShare is {HoldOutShare}: give 0 to 0.5");
        if (wrong.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", wrong));
        }

        void Check(bool right, string otherwise)
        {
            if (!right)
            {
                wrong.Add(otherwise);
            }
        }
    }
}
