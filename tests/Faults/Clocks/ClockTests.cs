using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EnergyTTT.Faults.Clusters;
using EnergyTTT.Faults.Reports;
using EnergyTTT.History.Access;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Testing.Products;
using Npgsql;
using Xunit;

namespace EnergyTTT.Faults.Clocks;

/// <summary>Real agents whose clocks are wrong, made so by libfaketime: an hour ahead, an hour behind, and one that steps back and forth while it runs.</summary>
[Collection(Machine.Name)]
[Trait(FaultReport.Form, FaultReport.Long)]
public sealed class ClockTests(PostgresFixture database) : IClassFixture<PostgresFixture>, IDisposable
{
    private static readonly string Library = Directory.Exists("/usr/lib") ? Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", SearchOption.AllDirectories).FirstOrDefault() ?? "" : "";
    private readonly ConcurrentQueue<string> _said = [];
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "energyttt-clock-" + Guid.NewGuid().ToString("N")[..8]);

    [Fact]
    public async Task A_wrong_clock_is_seen_set_apart_when_ahead_and_a_step_loses_nothing()
    {
        Assert.True(Library.Length > 0, "libfaketime is needed: apt-get install faketime");
        await using var product = await Product.Start(_folder, database.ConnectionString);
        var keys = new ApiKeys(database.Source, TimeProvider.System);
        var agent = (await keys.Create(new ApiKeyRequest(ApiKeyRoles.Agent), CancellationToken.None)).Secret.Text;
        using var viewer = product.Client((await keys.Create(new ApiKeyRequest(ApiKeyRoles.Administrator), CancellationToken.None)).Secret.Text);
        List<Process> agents = [];
        try
        {
            foreach (var (host, clock) in new[] { ("ahead", "+1h"), ("behind", "-1h"), ("steps", "+0") })
            {
                agents.Add(await Start(product, agent, host, clock, seed: agents.Count + 1));
            }

            await Until("the steady clocks have sent", async () => await Stored("behind") >= 16 && await Stored("steps") >= 16);
            await File.WriteAllTextAsync(ClockOf("steps"), "-1h");
            await Task.Delay(TimeSpan.FromSeconds(8));
            await File.WriteAllTextAsync(ClockOf("steps"), "+0");
            await Task.Delay(TimeSpan.FromSeconds(8));
            var metrics = await viewer.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            var quarantine = JsonNode.Parse(await viewer.GetStringAsync(new Uri("/v1/telemetry/quarantine", UriKind.Relative)))!.ToJsonString();
            foreach (var one in agents)
            {
                using var stop = Process.Start("kill", ["-TERM", one.Id.ToString(CultureInfo.InvariantCulture)]);
                await one.WaitForExitAsync();
            }

            var holes = await Number("""
                select coalesce(sum(highest - lowest + 1 - frames), 0)::bigint from (
                  select max(f.sequence) as highest, min(f.sequence) as lowest, count(*) as frames
                  from telemetry.frame f join telemetry.gpu g using (gpu_id) join telemetry.host h using (host_id) where h.name like $1 group by f.gpu_id, f.boot_id) as gpu
                """, "steps");
            var ahead = await Stored("ahead");
            var steps = await Stored("steps");
            var skew = metrics.Split('\n').Where(line => line.StartsWith("energyttt_clock_skew_seconds", StringComparison.Ordinal) && line.Contains("\"behind", StringComparison.Ordinal))
                .Select(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture)).First();
            FaultReport.Row(
                "wrong clocks", "real agents under libfaketime: an hour ahead, an hour behind, one that steps an hour back and forth again while it runs",
                $"ahead: {ahead} frames stored, all in quarantine with code clock_ahead; behind: stored, skew shown as {skew:0} s; steps: {steps} frames stored, {holes} missing between them");
            Assert.Equal(0, ahead);
            Assert.Contains("ahead", quarantine, StringComparison.Ordinal);
            Assert.InRange(skew, -3700, -3500);
            Assert.Equal(0, holes);
            Assert.True(steps > 40, $"only {steps} frames of the stepping clock were stored");
        }
        finally
        {
            foreach (var one in agents)
            {
                if (!one.HasExited)
                {
                    one.Kill();
                }

                one.Dispose();
            }

        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string ClockOf(string host) => Path.Combine(_folder, host + ".clock");

    private async Task<Process> Start(Product product, string key, string host, string clock, int seed)
    {
        await File.WriteAllTextAsync(ClockOf(host), clock);
        var start = new ProcessStartInfo("dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "energyttt-agent.dll"), "run", "--server", product.Server.AbsoluteUri.TrimEnd('/'),
            "--source", "replay", "--gpus", "2", "--seed", seed.ToString(CultureInfo.InvariantCulture), "--host", host, "--buffer", Path.Combine(_folder, host),
        ]) { RedirectStandardError = true };
        start.Environment["ENERGYTTT_KEY"] = key;
        start.Environment["LD_PRELOAD"] = Library;
        start.Environment["FAKETIME_TIMESTAMP_FILE"] = ClockOf(host);
        start.Environment["FAKETIME_NO_CACHE"] = "1";
        start.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        var process = Process.Start(start) ?? throw new InvalidOperationException("the agent cannot be started.");
        process.ErrorDataReceived += (_, line) => _said.Enqueue($"{host}: {line.Data}");
        process.BeginErrorReadLine();
        return process;
    }

    private Task<long> Stored(string host) => Number("select count(*) from telemetry.frame f join telemetry.gpu g using (gpu_id) join telemetry.host h using (host_id) where h.name like $1", host);

    private async Task<long> Number(string sql, string host)
    {
        await using var command = database.Source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = host + "%" });
        return (long)(await command.ExecuteScalarAsync())!; // an aggregate without groups has a row
    }

    private async Task Until(string what, Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60), $"not within a minute: {what}; the agents said:\n{string.Join('\n', _said.TakeLast(20))}");
            await Task.Delay(250);
        }
    }
}
