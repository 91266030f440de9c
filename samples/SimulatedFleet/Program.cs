// The closed loop on a fleet that is not there: dotnet run --project samples/SimulatedFleet -c Release -- [minutes] [seed]
// Every number is SIMULATED: real recorded gates, joules from the measured cost table, GPUs fitted to a recorded trace.
using System.Globalization;
using EnergyTTT.Simulation.Experiments;
using EnergyTTT.Simulation.Fleets;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var minutes = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 10;
var options = SimulatedFleetOptions.Demo with { LoadSeed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1 };
FleetArm[] arms = [FleetArm.Baseline, FleetArm.EnergyAware(0.95), FleetArm.ConsolidationOnly(0.95), FleetArm.GreedyOnly(0.95), FleetArm.AffinityOnly, FleetArm.HeatOnly, FleetArm.EnergyAware(0.90)];

Console.WriteLine($"SIMULATED: {options.Gpus} GPUs, {minutes} simulated minutes, load seed {options.LoadSeed}");
Console.WriteLine("| arm | U at 16 | MoE mJ/token at 16 | model mJ/token at 16 | model mJ/token, all | with idle mJ/token | tokens | hottest rack, rise °C | greatest °C | slowed for heat, GPU s | retained mass mean / least |");
Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
ArmReport? reference = null;
foreach (var arm in arms)
{
    var report = await ClosedLoopExperiment.RunAsync(arm, options, TimeSpan.FromMinutes(minutes));
    reference ??= report;
    Console.WriteLine(
        $"| {report.Name} | {report.DistinctAt16:F1} | {Against(report, r => r.BlockJoulesPerTokenAt16 * 1000)} | {Against(report, r => r.JoulesPerTokenAt16 * 1000)} | {Against(report, r => r.JoulesPerToken * 1000)} " +
        $"| {Against(report, r => r.FleetJoulesPerToken * 1000)} | {report.Work.Tokens / 1e6:F3} M | {Against(report, r => r.HottestRackRiseCelsius)} | {report.GreatestCelsius:F1} | {report.ThermalThrottleSeconds:F0} " +
        $"| {report.RetainedMass:F4} / {report.LeastRetainedMass:F4} |");
}

string Against(ArmReport report, Func<ArmReport, double> figure) =>
    ReferenceEquals(report, reference) ? $"{figure(report):F1}" : $"{figure(report):F1} ({(100 * figure(report) / figure(reference!)) - 100:+0.0;-0.0} %)";
