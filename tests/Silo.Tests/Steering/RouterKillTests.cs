using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Testing.Databases;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.Silo.Tests.Steering;

/// <summary>
/// Two silos on one PostgreSQL under feedback; one is killed. ENERGYTTT_ROUTERS sets the number of routers (default 160; the bar is stated for 1,000).
/// </summary>
public sealed class RouterKillTests(PostgresFixture database, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Experts = 8;
    private const int Deployments = 4;
    private static readonly bool LongForm = Environment.GetEnvironmentVariable("ENERGYTTT_ROUTERS") is { Length: > 0 };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(LongForm ? 120 : 60);
    private static readonly string[] Quick = ["--Deployments:Shadow", "00:00:01", "--Deployments:EpochInterval", "00:00:01", "--Routers:SnapshotUpdates", "2"];
    private readonly int _layers = Math.Max(1, (int.TryParse(Environment.GetEnvironmentVariable("ENERGYTTT_ROUTERS"), CultureInfo.InvariantCulture, out var routers) ? routers : 160) / Deployments);
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "energyttt-routers-" + Guid.NewGuid().ToString("N")[..8]);
    private readonly HashSet<(string, long)> _acknowledged = [];
    private readonly List<HttpClient> _readers = [];
    private long _chunk;
    private string _last = "";

    [Fact]
    public async Task Routers_of_a_killed_silo_answer_again_from_their_snapshots_and_no_epoch_or_chunk_repeats()
    {
        var keys = new ApiKeys(database.Source, TimeProvider.System);
        var (_, secret) = await keys.Create(new ApiKeyRequest(ApiKeyRoles.Administrator), CancellationToken.None);
        await using var first = await Product.Start(_folder + "-1", database.ConnectionString, null, Quick);
        await using var second = await Product.Start(_folder + "-2", database.ConnectionString, null, Quick);
        using HttpClient one = first.Client(secret.Text), two = second.Client(secret.Text);
        for (var reader = 0; reader < Math.Max(2, Deployments * _layers / 20); reader++)
        {
            _readers.Add(first.Client((await keys.Create(new ApiKeyRequest(ApiKeyRoles.Viewer), CancellationToken.None)).Secret.Text));
        }

        await Prepare(one);
        await Until("every router has a snapshot", async () =>
        {
            await Report(one);
            await Report(two);
            return await Resumed() == Deployments * _layers;
        });

        await second.Kill();
        var killed = TimeProvider.System.GetTimestamp();
        await Until("every router answers from its snapshot", async () =>
        {
            await Report(one);
            var resumed = await Resumed();
            output.WriteLine($"{TimeProvider.System.GetElapsedTime(killed).TotalSeconds:0.0} s after the kill: {resumed} routers answer from their snapshots");
            return resumed == Deployments * _layers;
        });
        var gap = TimeProvider.System.GetElapsedTime(killed);
        output.WriteLine($"{Deployments * _layers} routers: all answered {gap.TotalSeconds:0.0} s after the kill; {_acknowledged.Count} chunks acknowledged");
        Assert.Contains(first.Said, line => line.Contains("its port refuses connections", StringComparison.Ordinal));

        for (var more = 0; more < 5; more++)
        {
            await Report(one);
            await Task.Delay(1000);
        }

        Assert.Equal(_acknowledged.Count, await Count("select count(distinct (d.name, c.chunk)) from routing.chunk c join routing.deployment d using (deployment_id) where d.name || '/' || c.chunk = any($1)", [.. _acknowledged.Select(it => $"{it.Item1}/{it.Item2}")]));
        Assert.Equal(0L, await Count("select count(*) from (select 1 from routing.chunk group by deployment_id, replica, chunk, layer having count(*) > 1) as twice"));
        Assert.Equal(0L, await Count("select count(*) from (select issued_at, lag(issued_at) over (partition by deployment_id, layer order by epoch) as before from routing.epoch) as ordered where issued_at < before"));
        Assert.True(await Count("select count(*) from routing.epoch") > 0);
        if (LongForm)
        {
            // Minutes are written when they are over: also the one in which the silo died counts every acknowledged chunk once.
            await Until("the ledger holds every acknowledged chunk", async () =>
            {
                await Task.Delay(1000);
                return await Count("select coalesce(sum(tokens), 0)::bigint from routing.ledger where layer = -1") >= 2048L * _acknowledged.Count;
            });
            Assert.Equal(await Count("select count(*) * 2048 from routing.chunk_receipt"), await Count("select sum(tokens)::bigint from routing.ledger where layer = -1"));
        }

        _readers.ForEach(reader => reader.Dispose());
    }

    private async Task Prepare(HttpClient client)
    {
        for (var i = 0; i < Deployments; i++)
        {
            var body = $$"""{"model":"m","layers":{{_layers}},"experts":{{Experts}},"top_k":2,"gate":"softmax","bias_space":"logit","cost_table":"h100-80gb-hbm3-bf16","replicas":[{"id":"a","gpus":["GPU-kill"]}]}""";
            Assert.Equal(HttpStatusCode.OK, (await client.PutAsync(new Uri($"/v1/deployments/d{i}", UriKind.Relative), Json(body))).StatusCode);
        }

        using var policy = new HttpRequestMessage(HttpMethod.Put, "/v1/policies/fleet") { Content = Json("""{"document":{"mode":"enforce","promotion":"immediate"},"reason":"test"}""") };
        policy.Headers.TryAddWithoutValidation("If-Match", "\"0\"");
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(policy)).StatusCode);
    }

    private async Task Report(HttpClient client)
    {
        for (var i = 0; i < Deployments; i++)
        {
            var chunk = ++_chunk;
            try
            {
                using var response = await client.PostAsync(new Uri($"/v1/deployments/d{i}/feedback", UriKind.Relative), Json(Chunk(chunk)));
                if (response.IsSuccessStatusCode)
                {
                    _acknowledged.Add(($"d{i}", chunk));
                }
            }
            catch (HttpRequestException)
            {
                // Not acknowledged.
            }
        }
    }

    // Reads are limited per caller, so many callers ask at once.
    private async Task<int> Resumed()
    {
        var answers = await Task.WhenAll(_readers.Select((reader, number) => Task.Run(async () =>
        {
            var resumed = 0;
            for (var router = number; router < Deployments * _layers; router += _readers.Count)
            {
                using var response = await reader.GetAsync(new Uri($"/v1/routers/d{router / _layers}/{router % _layers}", UriKind.Relative));
                var text = await response.Content.ReadAsStringAsync();
                var counts = response.IsSuccessStatusCode && JsonNode.Parse(text)!["snapshot_number"] is not null;
                resumed += counts ? 1 : 0;
                _last = counts ? _last : $"d{router / _layers}/{router % _layers} answered {(int)response.StatusCode} {text}";
            }

            return resumed;
        })));
        return answers.Sum();
    }

    private string Chunk(long chunk) => $$"""
        {"replica":"a","chunk":{{chunk}},"epoch":0,"arm":"treated","tokens":2048,"phase":"decode","batch_tokens":16,"energy_joules":20,"layers":[{{string.Join(',', Enumerable.Range(0, _layers).Select(Layer))}}]}
        """;

    private string Layer(int layer) => $$"""
        {"layer":{{layer}},"expert_counts":[1200,800,600,500,400,300,196,100],"mean_gate_probability":[0.3,0.2,0.12,0.12,0.1,0.08,0.05,0.03],"gate_sample":"{{_gates}}"}
        """;

    private readonly string _gates = Convert.ToBase64String([.. Enumerable.Range(0, 16 * Experts).SelectMany(i => BitConverter.GetBytes((Half)Math.Sin(i * 1.7)))]);

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private async Task<long> Count(string sql, string[]? names = null)
    {
        await using var command = database.Source.CreateCommand(sql);
        if (names is not null)
        {
            command.Parameters.Add(new() { Value = names });
        }

        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task Until(string what, Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, $"{what}: not within {Patience}; {_last}");
            await Task.Delay(200);
        }
    }
}
