using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Testing.Databases;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.Silo.Tests.Rollouts;

/// <summary>Rollouts that one of two silos runs when it is killed. With eight of them it would take one chance in 256 that the one that lives ran them all before.</summary>
public sealed class RolloutKillTests(PostgresFixture database, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Rollouts = 8;
    private const int Layers = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Quick = ["--Deployments:Shadow", "00:00:01", "--Deployments:EpochInterval", "00:00:01"];
    private long _chunk;
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "energyttt-rollouts-" + Guid.NewGuid().ToString("N")[..8]);

    [Fact]
    public async Task Open_rollouts_go_on_after_kill_9_of_one_of_two_silos_their_guards_too_and_end_as_they_should()
    {
        var key = (await new ApiKeys(database.Source, TimeProvider.System).Create(new ApiKeyRequest(ApiKeyRoles.Administrator), CancellationToken.None)).Secret.Text;
        await using var first = await Product.Start(_folder + "-1", database.ConnectionString, null, Quick);
        await using var second = await Product.Start(_folder + "-2", database.ConnectionString, null, Quick);
        using HttpClient one = first.Client(key), two = second.Client(key);
        var ids = new long[Rollouts];
        for (var i = 0; i < Rollouts; i++)
        {
            var body = $$"""{"model":"m","layers":{{Layers}},"experts":4,"top_k":2,"gate":"softmax","bias_space":"logit","replicas":[{"id":"a","gpus":["GPU-{{i}}"]}]}""";
            Assert.Equal(HttpStatusCode.OK, (await two.PutAsync(new Uri($"/v1/deployments/d{i}", UriKind.Relative), Json(body))).StatusCode);
            using var start = new HttpRequestMessage(HttpMethod.Post, $"/v1/policies/deployment/d{i}/rollouts") { Content = Json("""{"document":{"strategy":"Baseline"},"reason":"kill","share":0.7,"guards":{"error_share_max":0.2,"telemetry_loss_max":null,"least_chunks":5}}""") };
            start.Headers.TryAddWithoutValidation("If-Match", "\"0\"");
            using var answer = await two.SendAsync(start);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            ids[i] = (long)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["id"]!;
        }

        await Until("all are tried by whom they choose", async () => (await All(one, ids)).All(Converged));

        await second.Kill();
        var killed = TimeProvider.System.GetUtcNow();

        // They look again by themselves, at what their routers apply and their guards read, also where the silo that ran them is gone.
        await Until("every rollout looks again", async () => (await All(one, ids)).All(rollout => (DateTimeOffset?)rollout?["at"] > killed && Converged(rollout)));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Rollouts} rollouts: all looked again {(TimeProvider.System.GetUtcNow() - killed).TotalSeconds:0.0} s after kill -9 of one of two silos"));

        // A guard that breaks now takes its rollout back by itself.
        await Until("d0 is rolled back by its guards", async () =>
        {
            for (var chunk = 0; chunk < 3; chunk++)
            {
                using var refused = await one.PostAsync(new Uri("/v1/deployments/d0/feedback", UriKind.Relative), Json(Wrong(++_chunk)));
                Assert.True(refused.StatusCode == HttpStatusCode.UnprocessableEntity, $"{(int)refused.StatusCode} {await refused.Content.ReadAsStringAsync()}");
            }

            return (string)(await Get(one, 0, ids[0]))?["rollout"]?["state"]! == "rolled_back";
        });
        var taken = (await Get(one, 0, ids[0]))!["rollout"]!;
        Assert.Equal("guards", (string)taken["changed_by"]!);
        Assert.StartsWith("errors of d0", (string)taken["cause"]!, StringComparison.Ordinal);

        // And hands move the others: wider, promoted, taken back.
        await Act(one, 1, ids[1], "share", """{"share":1}""");
        await Until("d1 is tried by all", async () => await Get(one, 1, ids[1]) is { } wide && (int)wide["chosen"]! == Layers && Converged(wide));
        await Act(one, 1, ids[1], "promote", "{}");
        await Act(one, 2, ids[2], "rollback", """{"reason":"enough seen"}""");
        await Until("d1 is in force and d2 as before", async () => await Versions(one, 1, ids[1]) is [var promoted, ..] all && promoted > 0 && all.All(version => version == promoted) && (await Versions(one, 2, ids[2])).All(version => version == 0));
        Assert.All((await All(one, ids)).Skip(3), rollout => Assert.Equal("running", (string)rollout!["rollout"]!["state"]!));
        Assert.Equal(0L, await Count("select count(*) from (select scope from policy.rollout where state in ('running', 'paused') group by scope having count(*) > 1) as twice"));
    }

    private static bool Converged(JsonNode? progress) => progress is not null && (int)progress["applying"]! == (int)progress["chosen"]! && (int)progress["routers"]! == Layers;

    private static Task<JsonNode?[]> All(HttpClient client, long[] ids) => Task.WhenAll(ids.Select((id, i) => Get(client, i, id)));

    private static async Task<JsonNode?> Get(HttpClient client, int deployment, long id)
    {
        using var answer = await client.GetAsync(new Uri($"/v1/policies/deployment/d{deployment}/rollouts/{id}", UriKind.Relative));
        return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync()) : null;
    }

    private static async Task<long[]> Versions(HttpClient client, int deployment, long id) => [.. (await Get(client, deployment, id))?["deployments"]?[0]?["versions"]?.AsArray().Select(version => (long)version!) ?? [-1]];

    private static async Task Act(HttpClient client, int deployment, long id, string action, string body)
    {
        using var answer = await client.PostAsync(new Uri($"/v1/policies/deployment/d{deployment}/rollouts/{id}/{action}", UriKind.Relative), Json(body));
        Assert.True(answer.IsSuccessStatusCode, $"{action}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    // Counts of two experts for a model of four.
    private static string Wrong(long chunk) => $$"""{"replica":"a","chunk":{{chunk}},"epoch":0,"arm":"treated","tokens":64,"phase":"decode","batch_tokens":16,"layers":[{"layer":0,"expert_counts":[64,64],"mean_gate_probability":[0.5,0.5]}]}""";

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private async Task<long> Count(string sql)
    {
        await using var command = database.Source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!; // a count
    }

    private static async Task Until(string what, Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, $"{what}: not within {Patience}");
            await Task.Delay(200);
        }
    }
}
