using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json;
using Spectre.Console;

namespace EnergyTTT.Cli.Selections;

/// <summary><c>energyttt bench routing</c>: how fast tokens are routed, on this machine, against TorchSharp in the same run.</summary>
internal static class BenchRoutingCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table." };
        var device = new Option<string>("--device") { Description = "cpu or cuda.", DefaultValueFactory = _ => "cpu" };
        device.AcceptOnlyFromAmong("cpu", "cuda");
        var seconds = new Option<double>("--seconds") { Description = "Time spent on each line, 0.05 to 60.", DefaultValueFactory = _ => 0.5 };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0.05 and <= 60))
            {
                result.AddError("--seconds must lie between 0.05 and 60.");
            }
        });
        var command = new Command("routing", "Time the selector, its batch-aware steps and, on a GPU, its kernels. Answers are checked first.") { json, device, seconds };
        command.SetAction(parsed => Run(parsed.GetValue(device)!, parsed.GetValue(seconds), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string device, double seconds, bool json)
    {
        BenchCase[] cases = [.. device == "cuda" ? GpuRoutingBenchmark.Run(seconds) : CpuRoutingBenchmark.Run(seconds)];
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    schema = 1,
                    device,
                    vectors = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128,
                    processors = Environment.ProcessorCount,
                    framework = RuntimeInformation.FrameworkDescription,
                    lines = cases,
                },
                Printed));
        }
        else
        {
            var table = new Table().AddColumns("case", "median", "best", "unit", "bar", "held");
            foreach (var line in cases)
            {
                table.AddRow(line.Name, $"{line.Value:0.###}", $"{line.Best:0.###}", line.Unit, line.Bar ?? string.Empty, line.Held is null ? string.Empty : line.Held.Value ? "yes" : "NO");
            }

            AnsiConsole.Write(table);
        }

        return cases.Any(line => line.Held == false) ? 1 : 0;
    }

    private static readonly JsonSerializerOptions Printed = new(JsonSerializerDefaults.Web) { WriteIndented = true };
}
