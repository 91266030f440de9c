using EnergyTTT.Simulation.Engines;
using EnergyTTT.Simulation.Fleets;
using EnergyTTT.Simulation.Placements;

namespace EnergyTTT.Simulation.Experiments;

/// <summary>
/// Runs arms over the same fleet and offered load, faster than real time: frames reach the placement as they would reach a server, placements and epochs reach
/// the engines.
/// </summary>
public static class ClosedLoopExperiment
{
    /// <summary>Runs one arm.</summary>
    /// <param name="arm">What to run.</param>
    /// <param name="options">The fleet and its load.</param>
    /// <param name="duration">Simulated time, 2 minutes or more.</param>
    /// <param name="cancellationToken">Gives up between seconds.</param>
    public static async Task<ArmReport> RunAsync(FleetArm arm, SimulatedFleetOptions options, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(arm);
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.FromMinutes(2));
        var placement = arm.Placement();
        var fleet = new SimulatedFleet(options, placement, arm.Steering);
        var idle = fleet.Racks.Select(rack => Celsius(fleet, rack.Name)).ToArray();
        await fleet.WarmUpAsync(cancellationToken);
        var seconds = (int)duration.TotalSeconds;
        var rackSums = new double[fleet.Racks.Count];
        double greatest = 0;
        var minutes = new List<double>();
        var before = default(BatchSum);
        for (var second = 0; second < seconds; second++)
        {
            var step = await fleet.StepAsync(TimeSpan.FromSeconds(1), cancellationToken);
            if (placement is AffinityPlacement affinity)
            {
                foreach (var batch in step.Telemetry)
                {
                    affinity.Observe(batch);
                }
            }

            for (var rack = 0; rack < rackSums.Length; rack++)
            {
                rackSums[rack] += second >= seconds / 2 ? Celsius(fleet, fleet.Racks[rack].Name) : 0;
            }

            greatest = Math.Max(greatest, Engines(fleet).Max(engine => engine.Gpu.Celsius));
            if ((second + 1) % 60 == 0)
            {
                var total = Work(fleet, ledger => ledger.Total);
                minutes.Add((total.Joules - before.Joules) / (total.Tokens - before.Tokens));
                before = total;
            }
        }

        var means = rackSums.Select(sum => sum / (seconds - (seconds / 2))).ToArray();
        var hottest = Array.IndexOf(means, means.Max());

        return new ArmReport
        {
            Name = arm.Name,
            Work = Work(fleet, ledger => ledger.Total),
            At16 = Work(fleet, ledger => ledger.At(16)),
            FleetJoules = Engines(fleet).Sum(engine => engine.Gpu.Joules),
            HottestRackCelsius = means[hottest],
            HottestRackRiseCelsius = means[hottest] - idle[hottest],
            GreatestCelsius = greatest,
            ThermalThrottleSeconds = Engines(fleet).Sum(engine => engine.Gpu.ThermalThrottleSeconds),
            LeastRetainedMass = Engines(fleet).Min(engine => engine.Ledger.LeastRetainedMass),
            JoulesPerTokenByMinute = minutes,
        };
    }

    private static IEnumerable<SimulatedEngine> Engines(SimulatedFleet fleet) => fleet.Hosts.SelectMany(host => host.Engines);

    private static double Celsius(SimulatedFleet fleet, string rack) => fleet.Hosts.Where(host => host.Rack.Name == rack).SelectMany(host => host.Engines).Average(engine => engine.Gpu.Celsius);

    private static BatchSum Work(SimulatedFleet fleet, Func<BatchLedger, BatchSum> part)
    {
        var sum = default(BatchSum);
        foreach (var engine in Engines(fleet))
        {
            sum.Add(part(engine.Ledger));
        }

        return sum;
    }
}
