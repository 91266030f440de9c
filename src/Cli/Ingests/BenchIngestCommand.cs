using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using EnergyTTT.History;
using EnergyTTT.History.Access;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Servers;
using Npgsql;
using Spectre.Console;

namespace EnergyTTT.Cli.Ingests;

/// <summary><c>energyttt bench ingest</c>: acknowledged frames a second over HTTP against raw binary COPY of the same rows, in the same run.</summary>
internal static class BenchIngestCommand
{
    private const double BarSeconds = 1;
    private const double BarRatio = 0.6;

    public static Command Create()
    {
        var options = new ServerOptions();
        var gpus = new Option<int>("--gpus") { Description = "GPUs of the load.", DefaultValueFactory = _ => 20_000 };
        var rate = new Option<double>("--rate") { Description = "Frames a second of the paced phase.", DefaultValueFactory = _ => 20_000 };
        var seconds = new Option<double>("--seconds") { Description = "Length of the paced phase; full speed takes half of it a round.", DefaultValueFactory = _ => 20 };
        var warmUp = new Option<double>("--warm-up") { Description = "Paced load before anything counts, and half of it at full speed: a server runs for months, its first seconds are the compiler's.", DefaultValueFactory = _ => 10 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of full speed and raw copy in turn.", DefaultValueFactory = _ => 3 };
        var batches = new Option<int[]>("--batch") { Description = "Frames of one batch; may be given several times.", DefaultValueFactory = _ => [8, 64] };
        var running = new Option<bool>("--running") { Description = "Load the product that runs on this machine's data folder at --server, instead of one of its own." };
        var product = new Option<FileInfo?>("--product") { Description = "EnergyTTT.Silo.dll of the product to start; found by itself in a build or a publish folder." };
        foreach (var option in new Option<int>[] { gpus, rounds })
        {
            option.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() < 1)
                {
                    result.AddError($"{option.Name} must be 1 or more.");
                }
            });
        }

        var command = options.AddTo(new Command("ingest", "Load the telemetry road like a fleet of agents; counts are checked in the database first.") { gpus, rate, warmUp, seconds, rounds, batches, running, product });
        command.SetAction(async (parse, cancellationToken) =>
        {
            try
            {
                var paced = TimeSpan.FromSeconds(parse.GetValue(seconds));
                var plans = parse.GetValue(batches)!.Select(batch => new IngestPlan(parse.GetValue(gpus), batch, parse.GetValue(rate), TimeSpan.FromSeconds(parse.GetValue(warmUp)), paced, paced / 2, parse.GetValue(rounds)));
                await using var own = parse.GetValue(running) ? null : await StartOwn(parse.GetValue(product), cancellationToken);
                return await Run(own?.Server ?? parse.GetValue(options.Server)!, own?.Folder ?? DataFolder.Resolve(), [.. plans], parse.GetValue(options.Json), cancellationToken);
            }
            catch (Exception exception) when (exception is InvalidOperationException or NpgsqlException or DataFolderException or HttpRequestException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return 1;
            }
        });
        return command;
    }

    private static Task<OwnProduct> StartOwn(FileInfo? given, CancellationToken cancellationToken) =>
        OwnProduct.Start(given?.FullName ?? OwnProduct.Find() ?? throw new InvalidOperationException("The product is not built: build src/Silo in Release, or name its EnergyTTT.Silo.dll with --product."), cancellationToken, "--Sealing:Hot", "3.00:00:00"); // so that what is sent of the past is still rows when it is counted

    private static async Task<int> Run(Uri server, DataFolder folder, IReadOnlyList<IngestPlan> plans, bool json, CancellationToken cancellationToken)
    {
        var connection = Environment.GetEnvironmentVariable("ConnectionStrings__EnergyTTT") is { Length: > 0 } external && PrivateServer.ConnectTo(folder) is null ? external : PrivateServer.ConnectTo(folder);
        await using var source = HistoryRegistration.OpenSource(connection ?? throw new InvalidOperationException($"No product runs on the data folder {folder.Path}."));
        var keys = new ApiKeys(source, TimeProvider.System);
        var (info, secret) = await keys.Create(new ApiKeyRequest(PersonRoles.Administrator, CreatedBy: "bench"), cancellationToken);
        try
        {
            var serverProcess = await ServerProcess(server, secret.Text, cancellationToken);
            var postmaster = await StoredFrames.Postmaster(source, cancellationToken) ?? 0;
            var benchmark = new IngestBenchmark(server, secret.Text, source, serverProcess, postmaster, line => Console.Error.WriteLine(line));
            List<IngestFigures> figures = [];
            foreach (var plan in plans)
            {
                figures.Add(await benchmark.Run(plan, cancellationToken));
            }

            var settings = await DurabilitySettings.Read(source, cancellationToken);
            var answer = Answer(figures, settings, ProcessCosts.Memory(serverProcess));
            if (json)
            {
                Console.WriteLine(answer.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            }
            else
            {
                Print(figures, settings);
            }

            return figures.All(it => it.Paced.Holds && it.Full.All(phase => phase.Holds)) ? 0 : 1;
        }
        finally
        {
            await keys.Revoke(info.Id, "bench", CancellationToken.None);
        }
    }

    private static async Task<int> ServerProcess(Uri server, string key, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = server };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        var status = JsonNode.Parse(await client.GetStringAsync(new Uri("/v1/status", UriKind.Relative), cancellationToken));
        return (int?)status?["process_id"] ?? 0;
    }

    private static JsonObject Answer(IReadOnlyList<IngestFigures> figures, DurabilitySettings settings, (long Now, long Greatest) memory) => new()
    {
        ["schema"] = 1,
        ["processors"] = Environment.ProcessorCount,
        ["load_average"] = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Trim() : null,
        ["durability"] = new JsonObject
        {
            ["server_version"] = settings.ServerVersion,
            ["fsync"] = settings.Fsync,
            ["synchronous_commit"] = settings.SynchronousCommit,
            ["full_page_writes"] = settings.FullPageWrites,
            ["frame_table"] = settings.FrameTable,
            ["durable"] = settings.Durable,
        },
        ["server_memory_bytes"] = memory.Now,
        ["server_memory_greatest_bytes"] = memory.Greatest,
        ["batches"] = new JsonArray([.. figures.Select(Node)]),
    };

    private static JsonObject Node(IngestFigures it) => new()
    {
        ["frames_per_batch"] = it.Batch,
        ["gpus"] = it.Gpus,
        ["connections"] = it.Connections,
        ["paced"] = Phase(it.Paced),
        ["paced_target_frames_per_second"] = it.Rate,
        ["paced_holds"] = it.Paced.Holds && it.Paced.Load.FramesPerSecond >= 0.97 * it.Rate && it.Paced.Load.P99 <= BarSeconds,
        ["full_speed"] = new JsonArray([.. it.Full.Select(Phase)]),
        ["raw_copy"] = new JsonArray([.. it.Raw.Select(raw => new JsonObject
        {
            ["rows_per_second"] = Math.Round(raw.RowsPerSecond),
            ["rows_per_commit"] = raw.RowsPerCommit,
            ["connections"] = raw.Connections,
            ["rows"] = raw.Rows,
        })]),
        ["frames_per_second_median"] = Math.Round(Median(it.Full.Select(phase => phase.Load.FramesPerSecond))),
        ["raw_rows_per_second_median"] = Math.Round(Median(it.Raw.Select(raw => raw.RowsPerSecond))),
        ["ratio"] = Math.Round(Ratio(it), 3),
        ["ratio_bar"] = BarRatio,
        ["ratio_holds"] = Ratio(it) >= BarRatio,
    };

    private static JsonObject Phase(IngestPhase phase) => new()
    {
        ["frames_per_second"] = Math.Round(phase.Load.FramesPerSecond),
        ["acknowledgement_p50_ms"] = Math.Round(1000 * phase.Load.P50, 1),
        ["acknowledgement_p99_ms"] = Math.Round(1000 * phase.Load.P99, 1),
        ["acknowledgement_greatest_ms"] = Math.Round(1000 * phase.Load.Greatest, 1),
        ["acknowledged"] = phase.Load.Accepted,
        ["stored"] = phase.Stored.Rows,
        ["stored_distinct"] = phase.Stored.Distinct,
        ["commits"] = phase.Stored.Commits,
        ["busy_answers"] = phase.Load.Busy,
        ["failed_requests"] = phase.Load.Failed,
        ["counts_hold"] = phase.Holds,
        ["processors_taken_by_others"] = Math.Round(phase.Costs.Others / phase.Load.Seconds, 2),
        ["cpu_microseconds_per_frame"] = new JsonObject
        {
            ["server"] = Math.Round(1e6 * phase.Costs.Server / Math.Max(1, phase.Load.Accepted), 2),
            ["postgresql"] = Math.Round(1e6 * phase.Costs.Postgres / Math.Max(1, phase.Load.Accepted), 2),
            ["generator"] = Math.Round(1e6 * phase.Costs.Generator / Math.Max(1, phase.Load.Accepted), 2),
        },
    };

    private static void Print(IReadOnlyList<IngestFigures> figures, DurabilitySettings settings)
    {
        var table = new Table().AddColumns("batch", "paced frames/s", "p50 ms", "p99 ms", "full frames/s", "raw COPY rows/s", "ratio", "counts");
        foreach (var it in figures)
        {
            table.AddRow([.. new FormattableString[]
            {
                $"{it.Batch}",
                $"{it.Paced.Load.FramesPerSecond:0}",
                $"{1000 * it.Paced.Load.P50:0.0}",
                $"{1000 * it.Paced.Load.P99:0.0}",
                $"{Median(it.Full.Select(phase => phase.Load.FramesPerSecond)):0}",
                $"{Median(it.Raw.Select(raw => raw.RowsPerSecond)):0}",
                $"{Ratio(it):0.00}",
                $"{(it.Paced.Holds && it.Full.All(phase => phase.Holds) ? "hold" : "DO NOT HOLD")}",
            }.Select(cell => cell.ToString(CultureInfo.InvariantCulture))]);
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"PostgreSQL {settings.ServerVersion}: fsync {settings.Fsync}, synchronous_commit {settings.SynchronousCommit}, full_page_writes {settings.FullPageWrites}, tables {settings.FrameTable}");
    }

    private static double Ratio(IngestFigures it) => Median(it.Full.Zip(it.Raw, (full, raw) => full.Load.FramesPerSecond / raw.RowsPerSecond));

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
