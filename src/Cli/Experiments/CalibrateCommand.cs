using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EnergyTTT.Experiments.Calibrations;
using EnergyTTT.Routing.KernelCosts;
using Spectre.Console;

namespace EnergyTTT.Cli.Experiments;

/// <summary><c>energyttt calibrate</c>, also as <c>experiment calibrate</c>: measures the cost table of this GPU and fits it.</summary>
internal static class CalibrateCommand
{
    public static Command Create()
    {
        Option<string?> device = new("--device") { Description = "cuda, the only one that can be measured." }, file = new("--out") { Description = "File of the cost table." }, trace = new("--trace") { Description = "File for a recording of the card (csv.gz)." };
        Option<int> width = new("--d-model") { DefaultValueFactory = _ => 2_048 }, expertWidth = new("--expert-width") { DefaultValueFactory = _ => 1_536 }, experts = new("--num-experts") { DefaultValueFactory = _ => 64 };
        Option<int> topK = new("--top-k") { DefaultValueFactory = _ => 8 }, layers = new("--layers") { DefaultValueFactory = _ => 4 }, repeats = new("--repeats") { DefaultValueFactory = _ => 2 }, seed = new("--seed") { DefaultValueFactory = _ => 1 };
        Option<double> window = new("--window-seconds") { DefaultValueFactory = _ => 1.5 };
        Option<bool> json = new("--json") { Description = "Print rows and fit as JSON." };
        device.AcceptOnlyFromAmong("cuda");
        var command = new Command("calibrate", "Measure joules and milliseconds of blocks of experts on this GPU, by tokens and distinct experts, and fit the cost of reading one expert.")
        {
            device, file, trace, width, expertWidth, experts, topK, layers, repeats, seed, window, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new CalibrationSettings
            {
                Width = parsed.GetValue(width), ExpertWidth = parsed.GetValue(expertWidth), Experts = parsed.GetValue(experts), TopK = parsed.GetValue(topK), Layers = parsed.GetValue(layers),
                Repeats = parsed.GetValue(repeats), Seed = parsed.GetValue(seed), WindowSeconds = parsed.GetValue(window), Trace = parsed.GetValue(trace),
            };
            try
            {
                var outcome = CalibrationRun.Run(settings, TimeProvider.System, (what, share) => Console.Error.Write(Console.IsErrorRedirected ? "" : $"\r{what} {share:0 %}"), cancellationToken);
                if (parsed.GetValue(file) is { } target)
                {
                    using var stream = File.Create(target);
                    KernelCostFile.Write(stream, outcome.Records);
                }

                Print(outcome, parsed.GetValue(json));
                return Task.FromResult(outcome.Fit is null ? 1 : 0);
            }
            catch (Exception fault) when (fault is NotSupportedException or InvalidOperationException or IOException or DllNotFoundException or ArgumentException)
            {
                Console.Error.WriteLine(fault.Message);
                return Task.FromResult(1);
            }
        });
        return command;
    }

    private static void Print(CalibrationOutcome outcome, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                rows = outcome.Records, refusal = outcome.Refusal,
                fit = outcome.Fit is not { } fit ? null : (object)new
                {
                    a_e_joules = fit.ActivationJoules.Value, a_e_ci95 = fit.ActivationJoules.Ci95, c_e_joules = fit.SlotJoules.Value, c_e_ci95 = fit.SlotJoules.Ci95, fixed_joules = fit.FixedJoules.Value,
                    fixed_ci95 = fit.FixedJoules.Ci95, alpha_ms = fit.ActivationMilliseconds.Value, alpha_ci95 = fit.ActivationMilliseconds.Ci95, beta_ms = fit.SlotMilliseconds.Value, beta_ci95 = fit.SlotMilliseconds.Ci95,
                    idle_watts = fit.IdleWatts.Value, idle_watts_ci95 = fit.IdleWatts.Ci95, r2 = fit.Determination, points = fit.Points,
                },
            }));
            return;
        }

        var table = new Table().Title("One block of experts (measured)").AddColumns("tokens", "distinct", "mJ", "+- 95 %", "ms", "W");
        foreach (var row in outcome.Records)
            table.AddRow(Number(row.Tokens, "0"), Number(row.DistinctExperts, "0"), Number(1000 * row.EnergyJoules, "0.00"), Number(1000 * row.EnergyJoulesCi95, "0.00"), Number(row.LatencyMilliseconds, "0.000"), Number(row.ImpliedWatts, "0"));
        AnsiConsole.Write(table);
        Console.WriteLine(outcome.Fit is { } found
            ? string.Create(CultureInfo.InvariantCulture, $"one expert read: {1000 * found.ActivationJoules.Value:0.000} +- {1000 * found.ActivationJoules.Ci95:0.000} mJ; one token on one expert: {1000 * found.SlotJoules.Value:0.0000} +- {1000 * found.SlotJoules.Ci95:0.0000} mJ; R2 {found.Determination:0.0000}")
            : "no fit: " + outcome.Refusal);
    }

    private static string Number(double? value, string format) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "-";
}
