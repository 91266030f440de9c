using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EnergyTTT.Routing.Thermal;
using Spectre.Console;

namespace EnergyTTT.Cli.Thermal;

/// <summary><c>energyttt thermal evaluate --trace FILE</c>: how well the thermal forecast does on a recording, learning on line and only from the past.</summary>
public static class EvaluateThermalCommand
{
    /// <summary>The <c>thermal</c> noun with its <c>evaluate</c> verb.</summary>
    public static Command Create()
    {
        var trace = new Option<FileInfo>("--trace")
        {
            Description = "Recording: CSV, gzip-compressed or not, with columns unix_s, temp_c, energy_mj or power_avg_mw, and optionally gpu and power_limit_mw.",
            Required = true,
        };
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table." };
        var evaluate = new Command("evaluate", "Score the thermal forecast against a recording, second by second, from a generic start.") { trace, json };
        evaluate.SetAction(parse => Run(parse.GetRequiredValue(trace), parse.GetValue(json), Console.Out, Console.Error));
        return new Command("thermal", "Heat: how GPUs warm up and how well that is foretold.") { evaluate };
    }

    /// <summary>Runs the evaluation; 0 done, 1 the file is missing or unreadable.</summary>
    public static int Run(FileInfo file, bool json, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(file);
        try
        {
            var gpus = TraceFile.Read(file.FullName).Select(gpu => (Gpu: gpu, Scores: ThermalEvaluation.Run(gpu.Readings, OptionsFor(gpu)))).ToList();
            if (gpus.All(g => g.Scores.Count == 0))
            {
                error.WriteLine($"{file.Name}: too short to score any horizon; {ThermalForecaster.HorizonsSeconds[0]} s and more are needed.");
                return 1;
            }

            if (json)
            {
                output.WriteLine(Json(file, gpus));
            }
            else
            {
                Print(gpus);
            }

            return 0;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            error.WriteLine(e.Message);
            return 1;
        }
    }

    private static ThermalForecasterOptions OptionsFor(TraceOfGpu gpu) => gpu.PowerLimitWatts is >= 10 and <= 5000 ? new() { PowerLimitWatts = gpu.PowerLimitWatts.Value } : new();

    private static string Json(FileInfo file, IReadOnlyList<(TraceOfGpu Gpu, IReadOnlyList<ThermalHorizonScore> Scores)> gpus) => JsonSerializer.Serialize(
        new
        {
            trace = file.Name,
            origin = "replayed",
            start = "generic",
            gpus = gpus.Select(g => new
            {
                gpu = g.Gpu.Gpu,
                power_limit_watts = g.Gpu.PowerLimitWatts,
                readings = g.Gpu.Readings.Count,
                seconds = Math.Round(g.Gpu.Readings[^1].TimeSeconds - g.Gpu.Readings[0].TimeSeconds, 1),
            }),
            horizons = Pool(gpus.Select(g => g.Scores)).Select(s => new
            {
                horizon_seconds = s.HorizonSeconds,
                mae_persistence = Round(s.MaePersistence),
                mae_hold = Round(s.MaeHold),
                mae_expected = Round(s.MaeExpected),
                mae_planned = Round(s.MaePlanned),
                band_coverage = Round(s.BandCoverage),
                band_coverage_hold = Round(s.BandCoverageHold),
                band_coverage_expected = Round(s.BandCoverageExpected),
                forecasts = s.Scored,
            }),
        },
        Indented);

    private static void Print(IReadOnlyList<(TraceOfGpu Gpu, IReadOnlyList<ThermalHorizonScore> Scores)> gpus)
    {
        var table = new Table().AddColumns("horizon", "persistence", "hold", "expected", "planned", "band", "hold band", "expected band", "forecasts");
        foreach (var s in Pool(gpus.Select(g => g.Scores)))
        {
            table.AddRow(
                Text($"{s.HorizonSeconds:0} s"), Text($"{s.MaePersistence:0.00} °C"), Text($"{s.MaeHold:0.00} °C"), Text($"{s.MaeExpected:0.00} °C"), Text($"{s.MaePlanned:0.00} °C"), Text($"{100 * s.BandCoverage:0.0} %"),
                Text($"{100 * s.BandCoverageHold:0.0} %"), Text($"{100 * s.BandCoverageExpected:0.0} %"), Text($"{s.Scored}"));
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine("Mean absolute errors on a recording (origin: replayed), and the share of readings inside the 90 % band. Planned: the power that was then recorded. Every forecast counts, the first one included.");
    }

    // Several GPUs count by their number of forecasts.
    private static IEnumerable<ThermalHorizonScore> Pool(IEnumerable<IReadOnlyList<ThermalHorizonScore>> scores) => scores.SelectMany(s => s).GroupBy(s => s.HorizonSeconds).OrderBy(g => g.Key).Select(g =>
    {
        double n = g.Sum(s => s.Scored);
        return new ThermalHorizonScore(
            g.Key, g.Sum(s => s.MaePersistence * s.Scored) / n, g.Sum(s => s.MaeHold * s.Scored) / n, g.Sum(s => s.MaeExpected * s.Scored) / n, g.Sum(s => s.MaePlanned * s.Scored) / n, g.Sum(s => s.BandCoverage * s.Scored) / n,
            g.Sum(s => s.BandCoverageHold * s.Scored) / n, g.Sum(s => s.BandCoverageExpected * s.Scored) / n, (int)n);
    });

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static double Round(double value) => Math.Round(value, 4);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
