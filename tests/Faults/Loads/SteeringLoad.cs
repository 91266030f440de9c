using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;
using Xunit;

namespace EnergyTTT.Faults.Loads;

/// <summary>
/// An engine that reports to one server after the other, and an operator who changes the policy now and then: what must not diverge when silos are
/// killed, stopped and cut off.
/// </summary>
internal sealed class SteeringLoad : IAsyncDisposable
{
    private const int Layers = 4;
    private const int ChunksPerPolicy = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly string Gates = Convert.ToBase64String([.. Enumerable.Range(0, 16 * 8).SelectMany(i => BitConverter.GetBytes((Half)Math.Sin(i * 1.7)))]);
    private readonly HttpClient[] _clients;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<long> _chunks = [];
    private readonly HashSet<long> _policies = [];
    private readonly List<string> _surprises = [];
    private readonly string _deployment = "faults-" + Guid.NewGuid().ToString("N")[..8];
    private Task _running = Task.CompletedTask;

    private SteeringLoad(IEnumerable<Uri> servers, string key) => _clients = [.. servers.Select(server =>
    {
        var client = new HttpClient { BaseAddress = server, Timeout = Patience };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    })];

    /// <summary>Puts the deployment and a policy that enforces, and starts to report.</summary>
    public static async Task<SteeringLoad> Start(IEnumerable<Uri> servers, string key)
    {
        var load = new SteeringLoad(servers, key);
        using var description = Json($$"""{"model":"m","layers":{{Layers}},"experts":8,"top_k":2,"gate":"softmax","bias_space":"logit","cost_table":"h100-80gb-hbm3-bf16","replicas":[{"id":"a","gpus":["GPU-fault-0-0"]}]}""");
        using var put = await load._clients[0].PutAsync(new Uri("/v1/deployments/" + load._deployment, UriKind.Relative), description);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        await load.ReadAndChangePolicy(load._clients[0]);
        Assert.Single(load._policies);
        load._running = Task.Run(load.Run);
        return load;
    }

    /// <summary>Stops, and holds what was acknowledged against the database.</summary>
    public async Task<SteeringComparison> Settle(NpgsqlDataSource source)
    {
        await Stop();
        var found = new SteeringComparison(
            _chunks.Count,
            _policies.Count,
            _chunks.Count - await Count(source, "select count(distinct chunk) from routing.chunk_receipt join routing.deployment d using (deployment_id) where chunk = any($1) and d.name = $2", [.. _chunks]),
            _policies.Count - await Count(source, "select count(distinct version) from policy.version where version = any($1) and $2 <> ''", [.. _policies]),
            await Count(source, "select count(*) from (select 1 from routing.chunk group by deployment_id, replica, chunk, layer having count(*) > 1) as twice", null),
            await Count(source, "select count(*) from (select issued_at, lag(issued_at) over (partition by deployment_id, layer order by epoch) as before from routing.epoch) as ordered where issued_at < before", null));
        Assert.Empty(_surprises.Take(3));
        Assert.True(found is { MissingChunks: 0, MissingPolicies: 0, DoubledChunks: 0, RepeatedEpochs: 0 }, found.ToString());
        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        Array.ForEach(_clients, client => client.Dispose());
        _stop.Dispose();
    }

    private async Task Stop()
    {
        await _stop.CancelAsync();
        await _running;
    }

    private async Task Run()
    {
        for (var chunk = 1L; !_stop.IsCancellationRequested; chunk++)
        {
            var client = _clients[chunk % _clients.Length];
            try
            {
                using var body = Json(Chunk(chunk));
                using var response = await client.PostAsync(new Uri($"/v1/deployments/{_deployment}/feedback", UriKind.Relative), body);
                if (response.IsSuccessStatusCode)
                {
                    _chunks.Add(chunk);
                }
                else if (response.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests))
                {
                    _surprises.Add($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
                }

                if (chunk % ChunksPerPolicy == 0)
                {
                    await ReadAndChangePolicy(client);
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or IOException)
            {
                // Not acknowledged.
            }

            await Task.Delay(100);
        }
    }

    private async Task ReadAndChangePolicy(HttpClient client)
    {
        using var read = await client.GetAsync(new Uri("/v1/policies/fleet", UriKind.Relative));
        if (!read.IsSuccessStatusCode || read.Headers.ETag is not { } tag)
        {
            return;
        }

        var known = long.Parse(tag.Tag.Trim('"'), CultureInfo.InvariantCulture);

        // A retained mass that differs each time: a policy that changes nothing would make no version.
        var mass = (0.95 + (0.0001 * (known % 400))).ToString("0.0000", CultureInfo.InvariantCulture);
        using var change = new HttpRequestMessage(HttpMethod.Put, "/v1/policies/fleet") { Content = Json($$"""{"document":{"mode":"enforce","promotion":"immediate","retained_mass_min":{{mass}}},"reason":"faults"}""") };
        change.Headers.TryAddWithoutValidation("If-Match", string.Create(CultureInfo.InvariantCulture, $"\"{known}\""));
        using var answer = await client.SendAsync(change);
        if (answer.IsSuccessStatusCode)
        {
            var version = (long)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["version"]!; // every answer to a PUT has one
            Assert.True(_policies.Add(version), $"policy version {version} was given twice");
        }
    }

    private async Task<int> Count(NpgsqlDataSource source, string sql, long[]? of)
    {
        await using var command = source.CreateCommand(sql);
        if (of is not null)
        {
            command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = of });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _deployment });
        }

        return (int)(long)(await command.ExecuteScalarAsync())!; // count(*) is never null
    }

    private static string Chunk(long chunk) => $$"""
        {"replica":"a","chunk":{{chunk}},"epoch":0,"arm":"treated","tokens":2048,"phase":"decode","batch_tokens":16,"energy_joules":20,"layers":[{{string.Join(',', Enumerable.Range(0, Layers).Select(Layer))}}]}
        """;

    private static string Layer(int layer) => $$"""
        {"layer":{{layer}},"expert_counts":[1200,800,600,500,400,300,196,100],"mean_gate_probability":[0.3,0.2,0.12,0.12,0.1,0.08,0.05,0.03],"gate_sample":"{{Gates}}"}
        """;

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}

/// <summary>What an engine and an operator were told, beside the database.</summary>
/// <param name="Chunks">Chunks acknowledged.</param>
/// <param name="Policies">Versions of the policy acknowledged.</param>
/// <param name="MissingChunks">Acknowledged and not stored: must be 0.</param>
/// <param name="MissingPolicies">Acknowledged and not stored: must be 0.</param>
/// <param name="DoubledChunks">Counted more than once: must be 0.</param>
/// <param name="RepeatedEpochs">Epochs whose number is greater than that of a later one: must be 0.</param>
internal sealed record SteeringComparison(int Chunks, int Policies, int MissingChunks, int MissingPolicies, int DoubledChunks, int RepeatedEpochs);
