using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using EnergyTTT.History;
using EnergyTTT.History.Access;
using EnergyTTT.History.Servers;
using EnergyTTT.Silo.Tests.Products;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.Silo.Tests.Kills;

/// <summary>
/// kill -9 of the real product, with its own PostgreSQL, at random moments under load, restarted each time. 3 times here;
/// <c>eng/kill-test.sh</c> sets <c>ENERGYTTT_KILLS</c> for more and <c>ENERGYTTT_KILL_REPORT</c> for a report.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Hosts = 16;
    private const int GpusPerHost = 8;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public async Task Every_acknowledged_frame_is_there_exactly_once_after_kills_at_random_moments()
    {
        var kills = int.Parse(Environment.GetEnvironmentVariable("ENERGYTTT_KILLS") ?? "3", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("ENERGYTTT_KILL_SEED") ?? "1", CultureInfo.InvariantCulture);
        var random = new Random(seed);
        var folder = Path.Combine(Path.GetTempPath(), "energyttt-kill-" + Guid.NewGuid().ToString("N")[..8]);
        var port = Product.FreePort();
        var ledger = new Ledger();
        var boot = "kill-" + Guid.NewGuid().ToString("N");
        ConcurrentQueue<string> surprises = [];
        List<double> restarts = [];
        List<int> moments = [];
        using var stop = new CancellationTokenSource();
        var product = await Product.Start(folder, port: port);
        try
        {
            var key = await NewKey(folder);
            var senders = Enumerable.Range(0, Hosts).Select(host => Task.Run(() => Send(product.Server, key, host, boot, ledger, surprises, stop.Token))).ToArray();
            for (var kill = 0; kill < kills; kill++)
            {
                moments.Add(random.Next(300, 2_500));
                await Task.Delay(moments[^1]);
                await product.Kill();
                await product.DisposeAsync();
                var watch = Stopwatch.StartNew();
                product = await Product.Start(folder, port: port);
                restarts.Add(watch.Elapsed.TotalSeconds);
            }

            await Task.Delay(1_500);
            await stop.CancelAsync();
            await Task.WhenAll(senders);

            var (missing, doubled, stored) = await Compare(folder, boot, ledger);
            var report = new
            {
                kills,
                seed,
                acknowledged = ledger.Count,
                stored,
                missing,
                doubled,
                unexpected_answers = surprises.Count,
                restart_seconds_median = restarts.Order().ElementAt(restarts.Count / 2),
                restart_seconds_greatest = restarts.Max(),
                kill_after_milliseconds = moments,
            };
            var text = JsonSerializer.Serialize(report, Indented);
            output.WriteLine(text);
            if (Environment.GetEnvironmentVariable("ENERGYTTT_KILL_REPORT") is { Length: > 0 } file)
            {
                await File.WriteAllTextAsync(file, text + "\n");
            }

            Assert.Empty(surprises.Take(3));
            Assert.True(ledger.Count > kills * 100, $"only {ledger.Count} frames were acknowledged");
            Assert.Equal(0, missing);
            Assert.Equal(0, doubled);
            Assert.Equal(0, await product.Stop());
        }
        finally
        {
            await stop.CancelAsync();
            await product.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Like an agent: the same batch again until it is acknowledged, in order, and only then the next.</summary>
    private static async Task Send(Uri server, string key, int host, string boot, Ledger ledger, ConcurrentQueue<string> surprises, CancellationToken cancellationToken)
    {
        var start = DateTimeOffset.UtcNow.AddHours(-1);
        using var client = new HttpClient { BaseAddress = server, Timeout = TimeSpan.FromSeconds(15) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        for (var sequence = 0L; !cancellationToken.IsCancellationRequested; sequence++)
        {
            var body = Body(host, boot, sequence, start.AddMilliseconds(50 * sequence));
            while (!cancellationToken.IsCancellationRequested)
            {
                try
                {
                    using var content = new StringContent(body, Encoding.UTF8, "application/json");

                    // Not cancelled with the test: an answer on its way is an acknowledgement too.
                    using var response = await client.PostAsync(new Uri("/v1/telemetry", UriKind.Relative), content, CancellationToken.None);
                    if (response.StatusCode == HttpStatusCode.OK)
                    {
                        for (var gpu = 0; gpu < GpusPerHost; gpu++)
                        {
                            ledger.Add(Gpu(host, gpu), sequence);
                        }

                        break;
                    }

                    if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
                    {
                        surprises.Enqueue($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(CancellationToken.None)}");
                    }
                }
                catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or IOException)
                {
                    // The product is dead for a moment.
                }

                await Task.Delay(50, CancellationToken.None);
            }
        }
    }

    private static string Gpu(int host, int gpu) => string.Create(CultureInfo.InvariantCulture, $"GPU-kill-{host}-{gpu}");

    private static string Body(int host, string boot, long sequence, DateTimeOffset time)
    {
        var frames = Enumerable.Range(0, GpusPerHost).Select(gpu => string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"gpu":"{{Gpu(host, gpu)}}","sequence":{{sequence}},"time":"{{time.UtcDateTime:O}}","seconds":1,"origin":"simulated","energy_joules":300,"energy_method":"counter","power_average_watts":300,"temperature_celsius":60}"""));
        return string.Create(CultureInfo.InvariantCulture, $$"""{"source":"kill","boot":"{{boot}}","host":"kill-{{host}}","frames":[{{string.Join(',', frames)}}]}""");
    }

    private static async Task<string> NewKey(string folder)
    {
        await using var source = Open(folder);
        return (await new ApiKeys(source, TimeProvider.System).Create(new ApiKeyRequest("agent"), CancellationToken.None)).Secret.Text;
    }

    private static NpgsqlDataSource Open(string folder) =>
        HistoryRegistration.OpenSource(PrivateServer.ConnectTo(new DataFolder(folder)) ?? throw new InvalidOperationException("no private server runs on " + folder));

    private static async Task<(int Missing, int Doubled, int Stored)> Compare(string folder, string boot, Ledger ledger)
    {
        await using var source = Open(folder);
        await using var command = source.CreateCommand(
            "select g.uuid, f.sequence, count(*) from telemetry.frame f join telemetry.gpu g using (gpu_id) join telemetry.boot b using (boot_id) where b.name = $1 group by 1, 2");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = boot });
        Dictionary<(string, long), long> stored = [];
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            stored[(reader.GetString(0), reader.GetInt64(1))] = reader.GetInt64(2);
        }

        return (ledger.Frames.Count(frame => !stored.ContainsKey(frame)), stored.Values.Count(count => count > 1), stored.Count);
    }
}
