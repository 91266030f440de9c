using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using EnergyTTT.Routing.Torch;
using Spectre.Console;

namespace EnergyTTT.Cli.Learning;

/// <summary><c>energyttt bench learning</c>: what an update of fast weights costs on this machine, and how close Newton-Schulz comes to torch's own matrix product.</summary>
internal static class BenchLearningCommand
{
    private static readonly JsonSerializerOptions Printed = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table." };
        var device = new Option<string>("--device") { Description = "cpu or cuda.", DefaultValueFactory = _ => "cpu" };
        device.AcceptOnlyFromAmong("cpu", "cuda");
        var threads = new Option<int>("--threads") { Description = "Threads of torch; the bars speak of one core.", DefaultValueFactory = _ => 1 };
        threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (>= 1 and <= 256))
                result.AddError("--threads must lie between 1 and 256.");
        });
        var command = new Command("learning", "Time an update of fast weights and Newton-Schulz. Answers are checked first.") { json, device, threads };
        command.SetAction(parsed => Run(parsed.GetValue(device)!, parsed.GetValue(threads), parsed.GetValue(json))); // The option has a default.
        return command;
    }

    private static int Run(string device, int threads, bool json)
    {
        TorchLibrary torch;
        try
        {
            torch = TorchLibrary.Load();
        }
        catch (DllNotFoundException missing)
        {
            Console.Error.WriteLine(missing.Message);
            return 1;
        }

        if (device == "cuda" && !LearningBenchmark.HasCuda())
        {
            Console.Error.WriteLine($"No CUDA device: libtorch of {torch.Folder.Path} ({torch.Folder.Source}) {(torch.CudaLoaded ? "finds no GPU" : torch.CudaProblem ?? "has no CUDA half")}. Set ENERGYTTT_LIBTORCH to a PyTorch with CUDA.");
            return 1;
        }

        var report = LearningBenchmark.Run(device == "cuda", threads);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    schema = 1,
                    device,
                    threads,
                    processors = Environment.ProcessorCount,
                    framework = RuntimeInformation.FrameworkDescription,
                    libtorch = new { folder = torch.Folder.Path, source = torch.Folder.Source.ToString(), torch.Repaired, torch.CudaLoaded },
                    answer_error = report.AnswerError,
                    updates = report.Updates,
                    newton_schulz = report.NewtonSchulz,
                },
                Printed));
        }
        else
        {
            var updates = new Table().Title("Fast-weight updates, d = 64, Muon").AddColumns("experts", "rows", "median ms", "best ms", "bar ms", "held");
            foreach (var line in report.Updates)
                updates.AddRow($"{line.Experts}", $"{line.Rows}", $"{line.MedianMilliseconds:0.000}", $"{line.BestMilliseconds:0.000}", line.BarMilliseconds is { } bar ? $"{bar:0.0}" : "", line.Held switch { null => "", true => "yes", _ => "NO" });
            var products = new Table().Title("Newton-Schulz, 5 steps, against torch.mm of the same square").AddColumns("d", "torch.mm GFLOP/s", "Newton-Schulz GFLOP/s", "ratio", "bar", "held");
            foreach (var line in report.NewtonSchulz)
                products.AddRow($"{line.Size}", $"{line.ProductGflops:0.0}", $"{line.NewtonSchulzGflops:0.0}", $"{line.Ratio:0.000}", $"{line.Bar:0.00}", line.Held ? "yes" : "NO");
            AnsiConsole.Write(updates);
            AnsiConsole.Write(products);
        }

        return report.Updates.All(line => line.Held != false) && report.NewtonSchulz.All(line => line.Held) ? 0 : 1;
    }
}
