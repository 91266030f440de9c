using System.Diagnostics;
using System.Text.Json;
using EnergyTTT.Faults.Clusters;
using EnergyTTT.Faults.Loads;
using EnergyTTT.Faults.Reports;
using EnergyTTT.History;
using EnergyTTT.History.Access;
using EnergyTTT.History.Servers;
using EnergyTTT.Testing.Products;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.Faults.Kills;

/// <summary>
/// kill -9 of the real product, with its own PostgreSQL, at random moments under load, restarted each time. <c>eng/kill-test.sh</c> sets
/// <c>ENERGYTTT_KILLS</c> for more and <c>ENERGYTTT_KILL_REPORT</c> for a report.
/// </summary>
[Collection(Machine.Name)]
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public async Task Every_acknowledged_frame_is_there_exactly_once_after_kills_at_random_moments()
    {
        var kills = FaultReport.Number("ENERGYTTT_KILLS", 2, 20);
        var seed = FaultReport.Number("ENERGYTTT_KILL_SEED", 1, 1);
        var random = new Random(seed);
        var folder = Path.Combine(Path.GetTempPath(), "energyttt-kill-" + Guid.NewGuid().ToString("N")[..8]);
        var port = Product.FreePort();
        List<double> restarts = [];
        List<int> moments = [];
        var product = await Product.Start(folder, port: port);
        try
        {
            await using var load = AgentLoad.Start([product.Server], await NewKey(folder), pause: TimeSpan.Zero);
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

            await load.Flow(TimeSpan.FromSeconds(30));
            await using var source = Open(folder);
            var found = await load.Settle(source);
            var report = new
            {
                kills,
                seed,
                acknowledged = found.Acknowledged,
                stored = found.Stored,
                missing = found.Missing,
                doubled = found.Doubled,
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

            FaultReport.Row(
                "kill -9 of the whole product and its PostgreSQL", $"{kills} times at random moments under ingest (seed {seed})",
                $"{found.Acknowledged:N0} frames acknowledged, {found.Missing} missing, {found.Doubled} doubled; ready again after {report.restart_seconds_median:0.0} s (median), {report.restart_seconds_greatest:0.0} s at most");
            Assert.True(found.Acknowledged > kills * 100, $"only {found.Acknowledged} frames were acknowledged");
            Assert.Equal(0, await product.Stop());
        }
        finally
        {
            await product.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> NewKey(string folder)
    {
        await using var source = Open(folder);
        return (await new ApiKeys(source, TimeProvider.System).Create(new ApiKeyRequest(ApiKeyRoles.Agent), CancellationToken.None)).Secret.Text;
    }

    private static NpgsqlDataSource Open(string folder) =>
        HistoryRegistration.OpenSource(PrivateServer.ConnectTo(new DataFolder(folder)) ?? throw new InvalidOperationException("no private server runs on " + folder));
}
