using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using EnergyTTT.Cli.Runs;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Experiments.Recordings;
using EnergyTTT.Experiments.Reports;
using EnergyTTT.Experiments.Runs;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Runs;
using Spectre.Console;

namespace EnergyTTT.Cli.Experiments;

/// <summary><c>energyttt experiment run|compare|aa</c>: a real model decodes held-out text under one or several routers, and the run becomes a bundle.</summary>
internal static class ExperimentCommand
{
    public static Command Create() => new("experiment", "Train a mixture-of-experts model, decode under routers in turn, and say what they take. On a GPU joules are measured; on a CPU they are modelled and say so.")
    {
        One(ExperimentKind.Run, "One strategy."), One(ExperimentKind.Compare, "Every strategy against plain top-k, interleaved, with intervals and ablations."), One(ExperimentKind.Aa, "The same arm twice: its interval has to cover 0."),
        One(ExperimentKind.Thermal, "Heat soak at a fixed offered load, with and without steering."), CalibrateCommand.Create(), PicturesCommand.Create(),
    };

    private static Command One(ExperimentKind kind, string description)
    {
        var options = new ExperimentOptions();
        var command = new Command(kind.ToString().ToLowerInvariant(), description);
        foreach (var option in options.All)
            command.Options.Add(option);
        command.SetAction((parsed, cancellationToken) => Run(options, parsed, kind, cancellationToken));
        return command;
    }

    private static async Task<int> Run(ExperimentOptions options, ParseResult parsed, ExperimentKind kind, CancellationToken cancellationToken)
    {
        ExperimentSettings settings;
        try
        {
            settings = options.Settings(parsed, kind);
        }
        catch (ArgumentException wrong)
        {
            Console.Error.WriteLine(wrong.Message);
            return 2;
        }

        var json = parsed.GetValue(options.Json);
        var file = settings.OutputDirectory is { } folder ? new FileRecorder(folder) : null;
        using var client = parsed.GetValue(options.Server) is { } server ? Client(server, parsed.GetValue(options.Key) ?? Environment.GetEnvironmentVariable(ServerOptions.KeyVariable)) : null;
        await using var live = client is null ? null : new ServerRunRecorder(client, TimeProvider.System);
        IRunRecorder recorder = file is not null && live is not null ? new BothRecorders(file, live) : (IRunRecorder?)file ?? live ?? (IRunRecorder)new NoRecorder();
        var began = TimeProvider.System.GetTimestamp();
        var said = "";
        try
        {
            var bundle = await new ExperimentRun(settings, recorder, TimeProvider.System, Progress).Run(cancellationToken);
            Console.Error.WriteLine();
            if (file is not null)
                RunPictures.Write(bundle, Path.ChangeExtension(file.PathOf(bundle), null));
            if (json)
            {
                Console.WriteLine(JsonSerializer.Serialize(bundle, WireJson.Default.RunBundle));
                return 0;
            }

            foreach (var report in ReportTables.Of(bundle))
            {
                var table = new Table().Title(report.Title);
                foreach (var heading in report.Headings)
                    table.AddColumn(Markup.Escape(heading));
                foreach (var row in report.Rows)
                    table.AddRow([.. row.Select(Markup.Escape)]);
                AnsiConsole.Write(table);
            }

            if (file is not null)
                Console.WriteLine($"bundle: {file.PathOf(bundle)}, pictures beside it");
            if (client is not null)
                Console.WriteLine($"run: {new Uri(client.BaseAddress!, $"/runs/{bundle.Run.Id:D}")}"); // Client() sets it
            return 0;
        }
        catch (Exception fault) when (fault is InvalidOperationException or NotSupportedException or IOException or DllNotFoundException or FormatException or ArgumentException or HttpRequestException)
        {
            Console.Error.WriteLine();
            Console.Error.WriteLine(fault.Message);
            return 1;
        }

        void Progress(string what, double share)
        {
            var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
            var line = $"{seconds,4:0} s  {what} {share:0 %}";
            if (line == said)
                return;
            said = line;
            Console.Error.Write(Console.IsErrorRedirected ? (share is 0 || (int)(share * 100) % 10 == 0 ? line + "\n" : "") : $"\r{line,-70}");
        }
    }

    private static HttpClient Client(Uri server, string? key)
    {
        var client = new HttpClient { BaseAddress = server, Timeout = TimeSpan.FromSeconds(30) };
        if (key is { Length: > 0 })
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    private sealed class NoRecorder : IRunRecorder
    {
        public Task Start(RunBundle bundle, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task Record(Guid run, RunTrial trial, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task Finish(RunBundle bundle, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
