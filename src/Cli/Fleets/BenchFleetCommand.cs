using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using EnergyTTT.Simulation.Experiments;
using EnergyTTT.Simulation.Fleets;
using Spectre.Console;

namespace EnergyTTT.Cli.Fleets;

/// <summary><c>energyttt bench fleet</c>: what each lever does to a simulated fleet at the same offered tokens, and whether the bars hold. Nothing in it is a measurement.</summary>
internal static class BenchFleetCommand
{
    private static readonly JsonSerializerOptions Printed = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table." };
        var minutes = new Option<double>("--minutes") { Description = "Simulated minutes of each arm, 2 to 120.", DefaultValueFactory = _ => 10 };
        minutes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 2 and <= 120))
            {
                result.AddError("--minutes must lie between 2 and 120.");
            }
        });
        var seed = new Option<int>("--seed") { Description = "Seed of the load.", DefaultValueFactory = _ => 1 };
        var guard = new Option<double>("--guard") { Description = "Share of its gate mass that every token keeps, 0.5 to 1.", DefaultValueFactory = _ => 0.95 };
        guard.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0.5 and <= 1))
            {
                result.AddError("--guard must lie between 0.5 and 1.");
            }
        });
        var command = new Command("fleet", "Run baseline, levers and A/A on a simulated fleet of 64 GPUs, faster than real time.") { json, minutes, seed, guard };
        command.SetAction((parsed, cancellationToken) =>
            Run(TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(seed), parsed.GetValue(guard), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> Run(TimeSpan duration, int seed, double guard, bool json, CancellationToken cancellationToken)
    {
        var options = SimulatedFleetOptions.Demo with { LoadSeed = seed };
        var baseline = await ClosedLoopExperiment.RunAsync(FleetArm.Baseline, options, duration, cancellationToken);
        var again = await ClosedLoopExperiment.RunAsync(FleetArm.Baseline with { Name = "A/A: baseline, other load seed" }, options with { LoadSeed = seed + 1000 }, duration, cancellationToken);
        List<ArmReport> reports = [baseline, again];
        foreach (var arm in new[] { FleetArm.EnergyAware(guard), FleetArm.ConsolidationOnly(guard), FleetArm.AffinityOnly, FleetArm.HeatOnly })
        {
            reports.Add(await ClosedLoopExperiment.RunAsync(arm, options, duration, cancellationToken));
        }

        var rows = reports.Select(report => FleetRow.Of(report, baseline)).ToList();
        var bars = FleetBar.All(baseline, again, reports[2], guard);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { schema = 1, origin = "simulated", options.Gpus, options.Deployments, seed, minutes = duration.TotalMinutes, guard, rows, bars, held = bars.All(bar => bar.Held) },
                Printed));
        }
        else
        {
            Print(rows, bars, $"SIMULATED: {options.Gpus} GPUs, {options.Deployments} deployments, {duration.TotalMinutes:0.#} simulated minutes, load seed {seed}");
        }

        return bars.All(bar => bar.Held) ? 0 : 1;
    }

    private static void Print(List<FleetRow> rows, List<FleetBar> bars, string title)
    {
        var table = new Table().Title(title).AddColumns("arm", "distinct at 16", "MoE mJ/token at 16", "model mJ/token at 16", "with idle mJ/token", "rise of the hottest rack °C", "slowed for heat GPU s", "least mass");
        foreach (var row in rows)
        {
            table.AddRow(
                row.Arm, $"{row.DistinctAt16:0.0}", With(row.BlockMillijoulesPerTokenAt16, row.BlockSavingPercent), With(row.ModelMillijoulesPerTokenAt16, row.ModelSavingPercent),
                With(row.FleetMillijoulesPerToken, row.FleetSavingPercent), With(row.HottestRackRiseCelsius, row.RiseSavingPercent), $"{row.ThermalThrottleGpuSeconds:0}", $"{row.LeastRetainedMass:0.0000}");
        }

        AnsiConsole.Write(table);
        var held = new Table().AddColumns("bar", "is", "wanted", "held");
        foreach (var bar in bars)
        {
            held.AddRow(bar.Name, $"{bar.Value:0.00}", bar.Wanted, bar.Held ? "yes" : "NO");
        }

        AnsiConsole.Write(held);

        static string With(double value, double saving) => saving == 0 ? $"{value:0.0}" : $"{value:0.0} ({-saving:+0.0;-0.0} %)";
    }
}
