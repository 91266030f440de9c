using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.Silo.Tests.Products;
using Xunit;

namespace EnergyTTT.Silo.Tests.Steering;

/// <summary>An engine anywhere takes part with two HTTP calls: walked over the real product.</summary>
[Collection(ProductCollection.Name)]
public sealed class SteeringApiTests(ProductFixture product) : IAsyncLifetime
{
    private const int Layers = 2;
    private const int Experts = 8;
    private HttpClient _engine = null!;
    private HttpClient _operator = null!;
    private string _name = "";

    public async Task InitializeAsync()
    {
        _name = "walk-" + Guid.NewGuid().ToString("N")[..8];
        _engine = product.Product.Client((await product.Keys.Create(new(History.Access.ApiKeyRoles.Engine, Deployments: [_name]), CancellationToken.None)).Secret.Text);
        _operator = await product.ClientOf("operator");
        await Send(_engine, HttpMethod.Put, $"/v1/deployments/{_name}", Deployment(), HttpStatusCode.OK);
    }

    public Task DisposeAsync()
    {
        _engine.Dispose();
        _operator.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task An_engine_reports_and_is_given_an_epoch_that_it_can_prove_to_apply()
    {
        Assert.Equal(0, (int)(await Feedback(1))["epoch"]!);

        await Policy("""{"mode":"enforce","promotion":"immediate","hold_out_share":0,"strategy":"EnergyAwareTTT"}""");
        var chunk = 1;
        var epoch = await Until(async () => await Feedback(++chunk), answer => (int)answer["epoch"]! > 0, TimeSpan.FromSeconds(90));
        Assert.Equal("treated", (string)epoch["arm"]!);
        Assert.Equal(Layers, epoch["layers"]!.AsArray().Count);
        Assert.Equal("marginal", (string)epoch["layers"]![0]!["batch_aware"]!);
        Assert.Equal(0.95, (double)epoch["layers"]![0]!["guard_bound"]!, 3);

        var digest = Digest(epoch);
        var receipt = await Send(_engine, HttpMethod.Post, $"/v1/deployments/{_name}/applied", Applied((int)epoch["epoch"]!, digest), HttpStatusCode.OK);
        Assert.True((bool)receipt["matches"]!);
        var polled = await Send(_engine, HttpMethod.Get, $"/v1/deployments/{_name}/bias?after=0&wait=5s", null, HttpStatusCode.OK);
        Assert.True((int)polled["epoch"]! >= (int)epoch["epoch"]!);
        var view = await Send(_operator, HttpMethod.Get, $"/v1/deployments/{_name}", null, HttpStatusCode.OK);
        Assert.Equal("promoted", (string)view["stage"]!);
        Assert.True((bool)view["replicas"]![0]!["digest_matches"]!);

        var metrics = await product.Product.Client().GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains($"energyttt_feedback_chunks_total{{deployment=\"{_name}\"}} {chunk}", metrics, StringComparison.Ordinal);
        Assert.Contains($"energyttt_deployment_modelled_energy_joules_total{{deployment=\"{_name}\",arm=\"treated\"}}", metrics, StringComparison.Ordinal);

        // The time machine.
        await Send(_operator, HttpMethod.Post, $"/v1/routers/{_name}/0/snapshots", null, HttpStatusCode.NoContent);
        await Send(_operator, HttpMethod.Post, $"/v1/routers/{_name}/0/snapshots", null, HttpStatusCode.NoContent);
        var kept = (await Send(_operator, HttpMethod.Get, $"/v1/routers/{_name}/0/snapshots", null, HttpStatusCode.OK))["snapshots"]!.AsArray();
        var (newest, older) = ((int)kept[0]!["number"]!, (int)kept[1]!["number"]!);
        var apart = await Send(_operator, HttpMethod.Get, $"/v1/routers/{_name}/0/compare?left={older}&right={newest}", null, HttpStatusCode.OK);
        Assert.True((bool)apart["same_model"]!);
        Assert.Equal(0, (double)apart["weight_distance"]!, 6);
        await Send(_operator, HttpMethod.Post, $"/v1/routers/{_name}/0/freeze", """{"frozen":true}""", HttpStatusCode.NoContent);
        await Send(_operator, HttpMethod.Post, $"/v1/routers/{_name}/0/restore", $$"""{"snapshot":{{older}}}""", HttpStatusCode.NoContent);
        await Send(_operator, HttpMethod.Post, $"/v1/routers/{_name}/0/restore", """{"snapshot":99999}""", HttpStatusCode.Conflict);
        await Send(_operator, HttpMethod.Post, $"/v1/routers/{_name}/0/fork", $$"""{"deployment":"{{_name}}","layer":1}""", HttpStatusCode.NoContent);
        var router = await Send(_operator, HttpMethod.Get, $"/v1/routers/{_name}/0", null, HttpStatusCode.OK);
        Assert.True((bool)router["frozen"]!);
        Assert.Equal(1, router["usage"]!.AsArray().Sum(share => (double)share!), 6);

        // Explain a route: the chosen set keeps the bound.
        var why = await Send(_operator, HttpMethod.Get, $"/v1/routers/{_name}/0/explain?row=1", null, HttpStatusCode.OK);
        Assert.True((double)why["retained_mass"]! >= 0.95);
        Assert.True((int)why["distinct_steered"]! <= (int)why["distinct_plain"]!);
        Assert.Contains(why["experts"]!.AsArray(), expert => (bool)expert!["chosen"]!);
        await Send(_operator, HttpMethod.Get, $"/v1/routers/{_name}/0/explain?row=99", null, HttpStatusCode.NotFound);
        await Send(_operator, HttpMethod.Get, $"/v1/routers/{_name}/7", null, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Engines_that_take_a_bias_only_are_given_one_that_is_safe_without_a_guard()
    {
        await Send(_engine, HttpMethod.Put, $"/v1/deployments/{_name}", Replace(Deployment(), "\"gate\"", "\"selector\":\"bias_only\",\"gate\""), HttpStatusCode.OK);
        await Policy("""{"mode":"enforce","promotion":"immediate","hold_out_share":0,"strategy":"EnergyAwareTTT","bias_spread_max":2}""");
        var chunk = 0;

        var epoch = await Until(async () => await Feedback(++chunk), answer => (int)answer["epoch"]! > 0 && answer["layers"]![0]!["bias"] is not null, TimeSpan.FromSeconds(90));

        var layer = epoch["layers"]![0]!;
        var bias = layer["bias"]!.AsArray().Select(each => (double)each!).ToList();
        Assert.Equal("none", (string)layer["batch_aware"]!);
        Assert.InRange(bias.Max() - bias.Min(), 1e-6, 0.4 + 1e-6);

        // The most popular expert is read anyway, the least popular one is read for few.
        Assert.True(bias[0] > bias[^1], layer.ToJsonString());
        var why = await Send(_operator, HttpMethod.Get, $"/v1/routers/{_name}/0/explain?row=1", null, HttpStatusCode.OK);
        Assert.Equal(0, (double)why["guard_bound"]!);
    }

    [Fact]
    public async Task The_same_chunk_again_is_counted_once()
    {
        await Feedback(5);
        await Feedback(5);

        await using var command = product.Source.CreateCommand("select count(*) from routing.chunk c join routing.deployment d using (deployment_id) where d.name = $1 and chunk = 5");
        command.Parameters.Add(new() { Value = _name });
        Assert.Equal((long)Layers, await command.ExecuteScalarAsync());
    }

    [Theory]
    [InlineData("\"layers\":[", "\"layers\":[null,", 422, "missing")]
    [InlineData("\"epoch\":0", "\"epoch\":99", 422, "unknown_epoch")]
    [InlineData("\"expert_counts\":[", "\"expert_counts\":[1,", 422, "vector_length")]
    [InlineData("\"bias_space\":\"logit\"", "\"bias_space\":\"softmax_score\"", 422, "bias_space_mismatch")]
    [InlineData("\"layer\":1", "\"layer\":0", 422, "unknown_layer")]
    [InlineData("\"replica\":\"a\"", "\"replica\":\"z\"", 422, "unknown_replica")]
    [InlineData("\"tokens\":64", "\"tokens\":NaN", 400, "not_json")]
    [InlineData("\"tokens\":64", "\"tokens\":0", 422, "out_of_range")]
    [InlineData("\"kl_mean\":0.001", "\"kl_mean\":-1", 422, "negative")]
    public async Task A_wrong_chunk_is_refused_by_name_and_changes_nothing(string right, string wrong, int status, string code)
    {
        var body = Chunk(77);
        Assert.Contains(right, body, StringComparison.Ordinal);
        var problem = await Send(_engine, HttpMethod.Post, $"/v1/deployments/{_name}/feedback", Replace(body, right, wrong), (HttpStatusCode)status);

        Assert.Equal(code, (string)problem["code"]!);
        await using var command = product.Source.CreateCommand("select count(*) from routing.chunk_receipt r join routing.deployment d using (deployment_id) where d.name = $1 and chunk = 77");
        command.Parameters.Add(new() { Value = _name });
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Keys_speak_only_for_their_deployments_and_roles()
    {
        var other = await Send(_engine, HttpMethod.Post, "/v1/deployments/another/feedback", Chunk(1), HttpStatusCode.Forbidden);
        Assert.Equal("wrong_deployment", (string)other["code"]!);
        await Send(product.Agent, HttpMethod.Post, $"/v1/deployments/{_name}/feedback", Chunk(1), HttpStatusCode.Forbidden);
        await Send(product.Viewer, HttpMethod.Put, $"/v1/deployments/{_name}", Deployment(), HttpStatusCode.Forbidden);
        await Send(product.Viewer, HttpMethod.Post, $"/v1/routers/{_name}/0/freeze", """{"frozen":true}""", HttpStatusCode.Forbidden);
        await Send(_engine, HttpMethod.Put, $"/v1/policies/deployment/{_name}", """{"document":{"mode":"off"},"reason":"mine"}""", HttpStatusCode.Forbidden);
        await Send(product.Administrator, HttpMethod.Post, "/v1/deployments/never-put/feedback", Chunk(1), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_policy_is_versioned_and_a_second_editor_is_told()
    {
        var scope = $"/v1/policies/deployment/{_name}";
        await Send(_operator, HttpMethod.Put, scope, """{"document":{"mode":"advise"},"reason":"no if-match"}""", HttpStatusCode.PreconditionRequired);
        var saved = await Send(_operator, HttpMethod.Put, scope, """{"document":{"mode":"advise","hold_out_share":0.1},"reason":"first"}""", HttpStatusCode.OK, "\"0\"");
        var conflict = await Send(_operator, HttpMethod.Put, scope, """{"document":{"mode":"off"},"reason":"second"}""", HttpStatusCode.PreconditionFailed, "\"0\"");
        var mistakes = await Send(_operator, HttpMethod.Put, scope, """{"document":{"hold_out_share":7,"retained_mass_min":0.1},"reason":""}""", HttpStatusCode.UnprocessableEntity, $"\"{saved["version"]}\"");

        await Send(_operator, HttpMethod.Put, scope, """{"document":{"hold_out":0.1},"reason":"a slip"}""", HttpStatusCode.BadRequest, $"\"{saved["version"]}\"");

        Assert.Equal("version_conflict", (string)conflict["code"]!);
        Assert.Equal(3, mistakes["errors"]!.AsArray().Count);
        var diff = await Send(_operator, HttpMethod.Get, $"{scope}/diff?from=0&to={saved["version"]}", null, HttpStatusCode.OK);
        Assert.Equal(["mode", "hold_out_share"], diff["changes"]!.AsArray().Select(change => (string)change!["field"]!));
        var effective = JsonNode.Parse((await SendText(_operator, HttpMethod.Get, $"{scope}/effective", null, HttpStatusCode.OK, null)))!.AsArray();
        Assert.Equal($"deployment/{_name}", (string)effective.Single(field => (string)field!["name"]! == "mode")!["from"]!);
        Assert.Equal("default", (string)effective.Single(field => (string)field!["name"]! == "placement")!["from"]!);
    }

    [Fact]
    public async Task A_request_is_placed_where_its_experts_are_in_use()
    {
        // Until the deployment is steered, requests are placed in turn.
        var unsteered = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Send(_engine, HttpMethod.Post, $"/v1/deployments/{_name}/place", $$"""{"signature":{{Signature(0)}}}""", HttpStatusCode.OK)));
        Assert.Equal(2, unsteered.Count(answer => (string)answer["replica"]! == "a"));
        await Policy("""{"mode":"enforce","promotion":"immediate","hold_out_share":0}""");
        var chunk = 0;
        await Until(async () => await Feedback(++chunk), answer => (int)answer["epoch"]! > 0, TimeSpan.FromSeconds(60));
        await Send(_engine, HttpMethod.Post, $"/v1/deployments/{_name}/feedback", Chunk(1000, "a", 0), HttpStatusCode.OK);
        await Send(_engine, HttpMethod.Post, $"/v1/deployments/{_name}/feedback", Chunk(1000, "b", 1), HttpStatusCode.OK);

        var first = await Send(_engine, HttpMethod.Post, $"/v1/deployments/{_name}/place", $$"""{"signature":{{Signature(0)}},"tokens":100}""", HttpStatusCode.OK);
        var second = await Send(_engine, HttpMethod.Post, $"/v1/deployments/{_name}/place", $$"""{"signature":{{Signature(1)}},"tokens":100}""", HttpStatusCode.OK);
        var wrong = await Send(_engine, HttpMethod.Post, $"/v1/deployments/{_name}/place", """{"signature":[1,2]}""", HttpStatusCode.UnprocessableEntity);

        Assert.Equal(("a", "b"), ((string)first["replica"]!, (string)second["replica"]!));
        Assert.True((double)first["reasons"]!["extra_experts"]! >= 0);
        Assert.Equal("vector_length", (string)wrong["code"]!);
    }

    [Fact]
    public async Task A_stream_brings_epochs_as_events()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/deployments/{_name}/bias");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var response = await _engine.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(patience.Token));

        var data = "";
        while (!data.StartsWith("data:", StringComparison.Ordinal))
        {
            data = await reader.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException("the stream ended");
        }

        Assert.Equal(0, (int)JsonNode.Parse(data[5..])!["epoch"]!);
    }

    private static string Deployment() => $$"""
        {"model":"tiny-moe","layers":{{Layers}},"experts":{{Experts}},"top_k":2,"gate":"softmax","bias_space":"logit","cost_table":"h100-80gb-hbm3-bf16",
         "replicas":[{"id":"a","gpus":["GPU-walk-a"]},{"id":"b","gpus":["GPU-walk-b"]}]}
        """;

    private static string Signature(int kind) => "[" + string.Join(',', Enumerable.Range(0, 64).Select(i => i % 2 == kind ? "0.17677669" : "0")) + "]";

    private static string Chunk(int chunk, string replica = "a", int kind = 0) => $$"""
        {"replica":"{{replica}}","chunk":{{chunk}},"epoch":0,"arm":"treated","tokens":64,"phase":"decode","batch_tokens":16,"latency_ms":4.2,"queue":0,"bias_space":"logit","signature":{{Signature(kind)}},
         "layers":[{{Layer(0, chunk)}},{{Layer(1, chunk)}}]}
        """;

    private static string Layer(int layer, int chunk) => $$"""
        {"layer":{{layer}},"expert_counts":[40,24,16,16,12,10,6,4],"mean_gate_probability":[0.3,0.2,0.12,0.12,0.1,0.08,0.05,0.03],"retained_mass_mean":0.99,"retained_mass_p01":0.97,"kl_mean":0.001,"distinct_experts_mean":6.5,"gate_sample":"{{Gates(chunk)}}"}
        """;

    private static string Gates(int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[16 * Experts * 2];
        for (var i = 0; i < 16 * Experts; i++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(2 * i), (Half)((random.NextDouble() * 4) - 2));
        }

        return Convert.ToBase64String(bytes);
    }

    private static string Replace(string text, string old, string with)
    {
        var at = text.IndexOf(old, StringComparison.Ordinal);

        return text[..at] + with + text[(at + old.Length)..];
    }

    private static string Applied(int epoch, string digest) => $$"""{"replica":"a","epoch":{{epoch}},"ranks_applied":1,"bias_sha256":"{{digest}}"}""";

    private static string Digest(JsonNode epoch)
    {
        using var bytes = new MemoryStream();
        foreach (var layer in epoch["layers"]!.AsArray())
        {
            for (var expert = 0; expert < Experts; expert++)
            {
                bytes.Write(BitConverter.GetBytes(layer!["bias"] is { } bias ? (float)bias[expert]! : 0f));
            }
        }

        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes.ToArray()));
    }

    private static async Task<JsonNode> Until(Func<Task<JsonNode>> ask, Func<JsonNode, bool> holds, TimeSpan patience)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (holds(answer))
            {
                return answer;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < patience, $"still {answer} after {patience}");
            await Task.Delay(250);
        }
    }

    private Task<JsonNode> Feedback(int chunk) => Send(_engine, HttpMethod.Post, $"/v1/deployments/{_name}/feedback", Chunk(chunk), HttpStatusCode.OK);

    private Task<JsonNode> Policy(string document) => Send(_operator, HttpMethod.Put, $"/v1/policies/deployment/{_name}", $$"""{"document":{{document}},"reason":"a test"}""", HttpStatusCode.OK, "\"0\"");

    private static async Task<JsonNode> Send(HttpClient client, HttpMethod method, string path, string? body, HttpStatusCode expected, string? match = null)
    {
        var text = await SendText(client, method, path, body, expected, match);
        return text.Length > 0 ? JsonNode.Parse(text)! : new JsonObject();
    }

    private static async Task<string> SendText(HttpClient client, HttpMethod method, string path, string? body, HttpStatusCode expected, string? match)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        if (match is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", match);
        }

        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"{method} {path} answered {(int)response.StatusCode}, {(int)expected} expected: {text}");

        return text;
    }
}
