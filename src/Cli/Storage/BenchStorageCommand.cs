using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.History.Servers;
using Npgsql;
using Spectre.Console;

namespace EnergyTTT.Cli.Storage;

/// <summary><c>energyttt bench storage</c>: bytes per reading of sealed frames with index, after they have come back bit for bit, beside Prometheus and VictoriaMetrics with the same readings.</summary>
internal static class BenchStorageCommand
{
    private const double BarBytes = 1.5;

    public static Command Create()
    {
        var gpus = new Option<int>("--gpus") { Description = "GPUs that replay the recorded trace.", DefaultValueFactory = _ => 32 };
        var minutes = new Option<int>("--minutes") { Description = "Length of the trace in a loop and of the simulated fleet, up to 360.", DefaultValueFactory = _ => 60 };
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table." };
        foreach (var (option, most) in new[] { (gpus, 10_000), (minutes, 360) })
        {
            option.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is var value && (value < 1 || value > most))
                {
                    result.AddError($"{option.Name} is {value}; 1 to {most} is possible.");
                }
            });
        }

        var command = new Command("storage", "What readings take on the disk, sealed and with index; what was stored is read back and compared first.") { gpus, minutes, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            try
            {
                return await Run(parse.GetValue(gpus), TimeSpan.FromMinutes(parse.GetValue(minutes)), parse.GetValue(json), cancellationToken);
            }
            catch (Exception exception) when (exception is InvalidOperationException or NpgsqlException or DataFolderException or PrivateServerException or HttpRequestException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return 1;
            }
        });
        return command;
    }

    private static async Task<int> Run(int gpus, TimeSpan length, bool json, CancellationToken cancellationToken)
    {
        // Old enough to be sealed, and at an even hour, so that no system pays for a second block.
        var now = TimeProvider.System.GetUtcNow();
        var start = new DateTimeOffset(now.UtcDateTime.Date.AddHours((now.Hour / 2 * 2) - 8), TimeSpan.Zero);
        List<(StorageData Data, StorageFigures Ours, IReadOnlyList<PeerFigures> Peers)> results = [];
        foreach (var make in new Func<Task<StorageData>>[]
        {
            () => Task.FromResult(StorageData.TraceOnce(gpus, start)),
            () => Task.FromResult(StorageData.TraceInLoop(gpus, length, start)),
            () => StorageData.Simulated(length, start, cancellationToken),
        })
        {
            var data = await make();
            await Console.Error.WriteLineAsync($"{data.Name}: {data.Batches.Sum(batch => batch.Frames.Count)} frames");
            results.Add((data, await StorageBenchmark.Run(data, cancellationToken), await StoragePeers.Run(data, cancellationToken)));
        }

        if (json)
        {
            Console.WriteLine(new JsonObject
            {
                ["schema"] = 1,
                ["processors"] = Environment.ProcessorCount,
                ["load_average"] = File.Exists("/proc/loadavg") ? (await File.ReadAllTextAsync("/proc/loadavg", cancellationToken)).Trim() : null,
                ["bar_bytes_per_value"] = BarBytes,
                ["data"] = new JsonArray([.. results.Select(result => Node(result.Data, result.Ours, result.Peers))]),
                ["bar_holds"] = results.All(result => Holds(result.Ours, result.Peers)),
            }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        }
        else
        {
            Print(results);
        }

        return results.All(result => Holds(result.Ours, result.Peers)) ? 0 : 1;
    }

    private static bool Holds(StorageFigures ours, IReadOnlyList<PeerFigures> peers) =>
        ours.Exact && ours.SealedBytesPerValue <= BarBytes && peers.Where(peer => peer.Missing is null && peer.Name.StartsWith("Prometheus", StringComparison.Ordinal)).All(peer => ours.Sealed.SealedBytes < peer.Bytes);

    private static JsonObject Node(StorageData data, StorageFigures ours, IReadOnlyList<PeerFigures> peers) => new()
    {
        ["name"] = data.Name,
        ["origin"] = data.Origin.ToString().ToLowerInvariant(),
        ["frames"] = ours.Frames,
        ["values"] = ours.Values,
        ["read_back_exact"] = ours.Exact,
        ["sealed_hours"] = ours.Sealed.SealedHours,
        ["sealed_bytes_with_index"] = ours.Sealed.SealedBytes,
        ["sealed_bytes_per_value"] = Round(ours.SealedBytesPerValue),
        ["packed_bytes_per_value"] = Round((double)ours.Sealed.PackedBytes / ours.Values),
        ["rows_bytes_with_index"] = ours.Hot.HotBytes,
        ["rows_bytes_per_value"] = Round(ours.HotBytesPerValue),
        ["seal_microseconds_per_frame"] = Round(1e6 * ours.SealSeconds / ours.Frames),
        ["read_back_microseconds_per_frame"] = Round(1e6 * ours.ReadSeconds / ours.Frames),
        ["peers"] = new JsonArray([.. peers.Select(peer => (JsonNode)(peer.Missing is { } missing
            ? new JsonObject { ["name"] = peer.Name, ["missing"] = missing }
            : new JsonObject
            {
                ["name"] = peer.Name,
                ["samples"] = peer.Samples,
                ["samples_hold"] = peer.Samples == ours.Values,
                ["bytes"] = peer.Bytes,
                ["bytes_per_value"] = Round((double)peer.Bytes / ours.Values),
                ["ratio"] = Round((double)peer.Bytes / ours.Sealed.SealedBytes),
            }))]),
        ["bar_holds"] = Holds(ours, peers),
    };

    private static void Print(List<(StorageData Data, StorageFigures Ours, IReadOnlyList<PeerFigures> Peers)> results)
    {
        var table = new Table().AddColumns("data", "values", "exact", "sealed B/value", "rows B/value", "peers B/value");
        foreach (var (data, ours, peers) in results)
        {
            table.AddRow(
                data.Name, $"{ours.Values}", ours.Exact ? "yes" : "NO", Say(ours.SealedBytesPerValue), Say(ours.HotBytesPerValue),
                Markup.Escape(string.Join(Environment.NewLine, peers.Select(peer => peer.Missing ?? $"{peer.Name} {Say((double)peer.Bytes / ours.Values)}{(peer.Samples == ours.Values ? "" : " (lacks samples)")}"))));
        }

        AnsiConsole.Write(table);
    }

    private static string Say(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static double Round(double value) => Math.Round(value, 3);
}
