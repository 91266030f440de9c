using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Ingests;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Cli.Storage;

/// <summary>What the same readings take elsewhere.</summary>
/// <param name="Name">The peer with its version.</param>
/// <param name="Samples">Samples that it says it has; must be the number of readings.</param>
/// <param name="Bytes">Bytes of its folder.</param>
/// <param name="Missing">Why there is no figure; null: there is one.</param>
internal sealed record PeerFigures(string Name, long Samples, long Bytes, string? Missing);

/// <summary>Time-series databases that may be installed on this machine, given the same readings with one label, the GPU.</summary>
internal static class StoragePeers
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<IReadOnlyList<PeerFigures>> Run(StorageData data, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "energyttt-peers-" + Guid.NewGuid().ToString("N")[..8]));
        try
        {
            return [await Prometheus(data, folder.FullName, cancellationToken), await VictoriaMetrics(data, folder.FullName, cancellationToken)];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Blocks as Prometheus writes them when it imports: chunks, index and all.</summary>
    private static async Task<PeerFigures> Prometheus(StorageData data, string folder, CancellationToken cancellationToken)
    {
        const string Program = "promtool";
        if (!Installed(Program))
        {
            return new PeerFigures("Prometheus", 0, 0, "promtool is not installed (Debian's package prometheus)");
        }

        var (text, blocks) = (Path.Combine(folder, "openmetrics.txt"), Path.Combine(folder, "prometheus"));
        await using (var file = new StreamWriter(text))
        {
            await Write(file, data, type: true, time => (time.ToUnixTimeMilliseconds() / 1000d).ToString("0.000", CultureInfo.InvariantCulture));
            await file.WriteAsync("# EOF\n");
        }

        var version = (await Output(Program, ["--version"], cancellationToken)).Split(' ', '\n').SkipWhile(word => word != "version").Skip(1).FirstOrDefault()?.TrimEnd(',');
        await Output(Program, ["tsdb", "create-blocks-from", "openmetrics", text, blocks], cancellationToken);
        var listed = await Output(Program, ["tsdb", "list", blocks], cancellationToken);

        // "BLOCK ULID  MIN TIME  MAX TIME  DURATION  NUM SAMPLES ..." with a line for every block.
        var samples = listed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], CultureInfo.InvariantCulture));
        return new PeerFigures($"Prometheus {version}", samples, Bytes(blocks), null);
    }

    /// <summary>A server of its own, flushed, merged and stopped before it is measured.</summary>
    private static async Task<PeerFigures> VictoriaMetrics(StorageData data, string folder, CancellationToken cancellationToken)
    {
        const string Program = "victoria-metrics";
        if (!Installed(Program))
        {
            return new PeerFigures("VictoriaMetrics", 0, 0, "victoria-metrics is not installed (Debian's package victoria-metrics)");
        }

        var storage = Path.Combine(folder, "victoria");
        var server = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{OwnProduct.FreePort()}"));
        using var process = Process.Start(new ProcessStartInfo(Program, [$"-storageDataPath={storage}", $"-httpListenAddr={server.Authority}", "-retentionPeriod=12"]) { RedirectStandardError = true, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{Program} cannot be started.");
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        try
        {
            using var client = new HttpClient { BaseAddress = server, Timeout = Patience };
            await Ready(client, process, cancellationToken);
            var text = new StringWriter(CultureInfo.InvariantCulture);
            await Write(text, data, type: false, time => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
            using (var answer = await client.PostAsync(new Uri("/api/v1/import/prometheus", UriKind.Relative), new StringContent(text.ToString(), Encoding.UTF8), cancellationToken))
            {
                answer.EnsureSuccessStatusCode();
            }

            await client.GetStringAsync(new Uri("/internal/force_flush", UriKind.Relative), cancellationToken);
            await client.GetStringAsync(new Uri("/internal/force_merge", UriKind.Relative), cancellationToken);
            var end = data.Batches[^1].Frames[0].Time.AddSeconds(1).ToUnixTimeSeconds();
            var length = end - data.Batches[0].Frames[0].Time.ToUnixTimeSeconds() + 1;
            var query = Uri.EscapeDataString(string.Create(CultureInfo.InvariantCulture, $"sum(count_over_time({{__name__!=\"\"}}[{length}s]))"));
            var counted = JsonNode.Parse(await client.GetStringAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"/api/v1/query?query={query}&time={end}"), UriKind.Relative), cancellationToken));
            var samples = long.Parse((string?)counted?["data"]?["result"]?[0]?["value"]?[1] ?? "0", CultureInfo.InvariantCulture);
            using var stop = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await process.WaitForExitAsync(cancellationToken);
            return new PeerFigures("VictoriaMetrics", samples, Bytes(storage), null);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static async Task Write(TextWriter to, StorageData data, bool type, Func<DateTimeOffset, string> time)
    {
        var frames = data.Batches.SelectMany(batch => batch.Frames).GroupBy(frame => frame.Gpu).SelectMany(of => of);
        foreach (var metric in frames.SelectMany(frame => StorageData.Readings(frame), (frame, reading) => (Frame: frame, reading.Metric, reading.Value)).GroupBy(it => it.Metric))
        {
            if (type)
            {
                await to.WriteAsync($"# TYPE {metric.Key} gauge\n");
            }

            foreach (var (frame, name, value) in metric)
            {
                await to.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{name}{{gpu=\"{frame.Gpu}\"}} {value:R} {time(frame.Time)}\n"));
            }
        }
    }

    private static async Task Ready(HttpClient client, Process process, CancellationToken cancellationToken)
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < Patience && !process.HasExited;)
        {
            try
            {
                await client.GetStringAsync(new Uri("/health", UriKind.Relative), cancellationToken);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
            }
        }

        throw new InvalidOperationException("victoria-metrics did not start.");
    }

    private static bool Installed(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static long Bytes(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private static async Task<string> Output(string program, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{program} cannot be started.");
        var (said, wrong) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? await said : throw new InvalidOperationException($"{program} {arguments[0]} failed: {await wrong}");
    }
}
