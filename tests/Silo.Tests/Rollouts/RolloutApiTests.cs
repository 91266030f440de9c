using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Tests.Commands;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Testing.Databases;
using Xunit;

namespace EnergyTTT.Silo.Tests.Rollouts;

/// <summary>Rollouts over HTTP and by the command line, and one whose silo is killed.</summary>
public sealed class RolloutApiTests(PostgresFixture database) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "energyttt-rollout-" + Guid.NewGuid().ToString("N")[..8]);
    private readonly string _file = Path.GetTempFileName();
    private Product _product = null!;
    private string _operator = "";
    private string _viewer = "";

    public async Task InitializeAsync()
    {
        var keys = new ApiKeys(database.Source, TimeProvider.System);
        _operator = (await keys.Create(new ApiKeyRequest(ApiKeyRoles.Operator), CancellationToken.None)).Secret.Text;
        _viewer = (await keys.Create(new ApiKeyRequest(ApiKeyRoles.Viewer), CancellationToken.None)).Secret.Text;
        var administrator = (await keys.Create(new ApiKeyRequest(ApiKeyRoles.Administrator), CancellationToken.None)).Secret.Text;
        _product = await Product.Start(_folder, database.ConnectionString);
        using var client = _product.Client(administrator);
        const string Body = """{"model":"m","layers":12,"experts":8,"top_k":2,"gate":"softmax","bias_space":"logit","replicas":[{"id":"a","gpus":["GPU-roll"]}]}""";
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync(new Uri("/v1/deployments/roll", UriKind.Relative), Json(Body))).StatusCode);
    }

    public async Task DisposeAsync()
    {
        await _product.DisposeAsync();
        File.Delete(_file);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_rollout_is_begun_watched_widened_survives_kill_9_of_its_silo_and_is_rolled_back_and_the_next_one_is_promoted()
    {
        await File.WriteAllTextAsync(_file, "scope: deployment/roll\ndocument:\n  strategy: LossFreeBalancing\n  retained_mass_min: 0.93\nreason: less gate mass is enough\n");
        var started = await Run("rollout", "start", "-f", _file, "--share", "0.5", "--json");
        Assert.Equal((0, ""), (started.Code, started.Error));
        var id = $"{JsonNode.Parse(started.Output)!["id"]}";
        var version = (long)JsonNode.Parse(started.Output)!["version"]!;
        var half = await Converged(id);
        Assert.InRange((int)half["chosen"]!, 2, 10);

        var wide = await Run("rollout", "share", id, "1", "--scope", "deployment/roll");
        Assert.Equal((0, ""), (wide.Code, wide.Error));
        Assert.Equal(12, (int)(await Converged(id))["chosen"]!);
        using (var client = _product.Client(_operator))
        using (var request = new HttpRequestMessage(HttpMethod.Put, "/v1/policies/deployment/roll") { Content = Json("""{"document":{},"reason":"in between"}"""), Headers = { { "If-Match", "\"0\"" } } })
        {
            Assert.Equal((HttpStatusCode.Conflict, "rollout_open"), await Code(await client.SendAsync(request)));
        }

        // kill -9: nobody says goodbye, and nobody asks for the rollout afterwards.
        await _product.Kill();
        await _product.DisposeAsync();
        _product = await Product.Start(_folder, database.ConnectionString);
        var after = await Converged(id);
        Assert.Equal((12, 12, "running"), ((int)after["chosen"]!, (int)after["applying"]!, (string)after["rollout"]!["state"]!));
        Assert.All(after["deployments"]![0]!["versions"]!.AsArray(), one => Assert.Equal(version, (long)one!));

        var back = await Run("rollback", id, "--scope", "deployment/roll", "--reason", "enough seen");
        Assert.Equal((0, ""), (back.Code, back.Error));
        using (var client = _product.Client(_viewer))
        {
            await Until(async () => (await Get(client, id))["deployments"]![0]!["versions"]!.AsArray().All(one => (long)one! == 0));
            Assert.Equal("0", $"{JsonNode.Parse(await client.GetStringAsync(new Uri("/v1/policies/deployment/roll", UriKind.Relative)))!["version"]}");
        }

        var next = $"{JsonNode.Parse((await Run("rollout", "start", "-f", _file, "--share", "1", "--json")).Output)!["id"]}";
        await Converged(next);
        Assert.Equal(0, (await Run("rollout", "promote", next, "--scope", "deployment/roll", "-r", "it went well")).Code);
        Assert.Equal(0, (await Run("rollout", "watch", next, "--scope", "deployment/roll")).Code);
        Assert.Equal(1, (await Run("rollout", "watch", id, "--scope", "deployment/roll")).Code); // it was rolled back
        Assert.Contains("retained_mass_min: 0.93", (await Run("get", "deployment/roll")).Output, StringComparison.Ordinal);
        Assert.Contains("promoted", (await Run("rollout", "list", "--scope", "deployment/roll")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_refusal_has_its_code()
    {
        using HttpClient viewer = _product.Client(_viewer), operators = _product.Client(_operator);
        const string Path = "/v1/policies/deployment/roll/rollouts";
        const string Good = """{"document":{"hold_out_share":0.1},"reason":"x"}""";

        Assert.Equal((HttpStatusCode.Forbidden, "role_not_allowed"), await Code(await Post(viewer, Path, Good, "\"0\"")));
        Assert.Equal((HttpStatusCode.PreconditionRequired, "version_required"), await Code(await Post(operators, Path, Good, null)));
        Assert.Equal((HttpStatusCode.PreconditionFailed, "version_conflict"), await Code(await Post(operators, Path, Good, "\"77\"")));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "rollout_mistakes"), await Code(await Post(operators, Path, """{"document":{"hold_out_share":0.9},"reason":"","share":7}""", "\"0\"")));
        Assert.Equal((HttpStatusCode.NotFound, "rollout_unknown"), await Code(await Post(operators, Path + "/424242/promote", "{}", null)));
        Assert.Equal((HttpStatusCode.NotFound, "rollout_unknown"), await Code(await viewer.GetAsync(new Uri(Path + "/424242", UriKind.Relative))));
        Assert.Equal((HttpStatusCode.Forbidden, "role_not_allowed"), await Code(await Post(viewer, Path + "/1/rollback", """{"reason":"mischief"}""", null)));
    }

    private async Task<JsonNode> Converged(string id)
    {
        using var client = _product.Client(_viewer);
        JsonNode? progress = null;
        await Until(async () => (int)(progress = await Get(client, id))["chosen"]! > 0 && (int)progress["applying"]! == (int)progress["chosen"]! && progress["guards"]!.AsArray().Count > 0);
        return progress!;
    }

    private static async Task<JsonNode> Get(HttpClient client, string id) => JsonNode.Parse(await client.GetStringAsync(new Uri($"/v1/policies/deployment/roll/rollouts/{id}", UriKind.Relative)))!;

    private static async Task Until(Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "it did not come true within 30 s");
            await Task.Delay(100);
        }
    }

    private Task<(int Code, string Output, string Error)> Run(params string[] arguments) => CommandTests.Run(null, ["policy", .. arguments, "--server", _product.Server.AbsoluteUri, "--key", _operator]);

    private static async Task<HttpResponseMessage> Post(HttpClient client, string path, string body, string? match)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Json(body) };
        if (match is not null)
        {
            request.Headers.Add("If-Match", match);
        }

        return await client.SendAsync(request);
    }

    private static async Task<(HttpStatusCode, string)> Code(HttpResponseMessage answer) => (answer.StatusCode, (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())?["code"] ?? "");

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
