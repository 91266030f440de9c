using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.Silo.Tests.Products;
using Xunit;

namespace EnergyTTT.Silo.Tests.Api;

[Collection(ProductCollection.Name)]
public sealed class TelemetryApiTests(ProductFixture product)
{
    private static readonly string Boot = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task A_batch_is_acknowledged_stored_and_seen_and_again_it_is_all_duplicates()
    {
        var body = Batch("host-a", Frame("GPU-a-1", 1), Frame("GPU-a-2", 1));

        var first = await Post(product.Agent, body);
        var again = await Post(product.Agent, body);

        Assert.Equal((HttpStatusCode.OK, """{"accepted":2,"duplicates":0,"rejected":[]}"""), first);
        Assert.Equal((HttpStatusCode.OK, """{"accepted":0,"duplicates":2,"rejected":[]}"""), again);
        Assert.Equal(2, await Stored("GPU-a-1") + await Stored("GPU-a-2"));
        var fleet = await Until(async () => await Json(product.Viewer, "/v1/fleet?scope=host/host-a"), node => (int)node["count"]! == 2);
        Assert.Equal("GPU-a-1", (string)fleet["gpu"]![0]!);
        Assert.Equal(611.9, (double)fleet["power_average_watts"]![0]!);
        Assert.Null(fleet["memory_temperature_celsius"]![0]);
    }

    [Fact]
    public async Task One_bad_frame_does_not_cost_the_good_ones()
    {
        var (status, text) = await Post(product.Agent, Batch("host-b", Frame("GPU-b-1", 1), Frame("GPU-b-2", 1).Replace("611.9", "-3", StringComparison.Ordinal)));

        var receipt = JsonNode.Parse(text)!;
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(1, (int)receipt["accepted"]!);
        Assert.Equal((1, "power_average_watts", "negative"), ((int)receipt["rejected"]![0]!["index"]!, (string)receipt["rejected"]![0]!["field"]!, (string)receipt["rejected"]![0]!["code"]!));
        Assert.Equal(0, await Stored("GPU-b-2"));
    }

    [Fact]
    public async Task A_batch_without_a_good_frame_is_422_with_the_reasons()
    {
        var (status, text) = await Post(product.Agent, Batch("host-c", Frame("GPU-c-1", 1).Replace("611.9", "-3", StringComparison.Ordinal)));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal("nothing_accepted", (string)JsonNode.Parse(text)!["code"]!);
        Assert.Equal("negative", (string)JsonNode.Parse(text)!["receipt"]!["rejected"]![0]!["code"]!);
    }

    [Fact]
    public async Task A_key_of_another_host_is_403_and_stores_nothing()
    {
        using var bound = await product.ClientOf("agent", "host-d");

        var own = await Post(bound, Batch("host-d", Frame("GPU-d-1", 1)));
        var (status, text) = await Post(bound, Batch("host-e", Frame("GPU-e-1", 1)));

        Assert.Equal(HttpStatusCode.OK, own.Status);
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Equal("host_not_in_scope", (string)JsonNode.Parse(text)!["code"]!);
        Assert.Equal(0, await Stored("GPU-e-1"));
    }

    [Theory]
    [InlineData(null, "key_missing")]
    [InlineData("ettt_nonsense", "key_refused")]
    public async Task Without_a_good_key_it_is_401(string? key, string code)
    {
        using var client = product.Product.Client(key);

        var (status, text) = await Post(client, Batch("host-f", Frame("GPU-f-1", 1)));

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal(code, (string)JsonNode.Parse(text)!["code"]!);
    }

    [Fact]
    public async Task A_revoked_key_is_401_within_thirty_seconds()
    {
        var key = await product.NewKey("agent");
        using var client = product.Product.Client(key.Text);
        Assert.Equal(HttpStatusCode.OK, (await Post(client, Batch("host-g", Frame("GPU-g-1", 1)))).Status);

        await product.Keys.Revoke(key.Id, "test", CancellationToken.None);

        var sequence = 2;
        var revoked = await Until(async () => await Post(client, Batch("host-g", Frame("GPU-g-1", sequence++))), answer => answer.Status == HttpStatusCode.Unauthorized);
        Assert.Equal("key_refused", (string)JsonNode.Parse(revoked.Text)!["code"]!);
    }

    [Fact]
    public async Task A_viewer_may_not_send_and_an_agent_may_not_look()
    {
        var sent = await Post(product.Viewer, Batch("host-h", Frame("GPU-h-1", 1)));
        using var looked = await product.Agent.GetAsync(new Uri("/v1/fleet", UriKind.Relative));

        Assert.Equal(HttpStatusCode.Forbidden, sent.Status);
        Assert.Equal(HttpStatusCode.Forbidden, looked.StatusCode);
        Assert.Equal("application/problem+json", looked.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("{\"host\":", HttpStatusCode.BadRequest, "not_json")]
    [InlineData("{\"host\":\"h\",\"boot\":\"b\",\"source\":\"s\",\"frames\":[{\"power_average_watts\":NaN}]}", HttpStatusCode.BadRequest, "not_json")]
    [InlineData("[]", HttpStatusCode.BadRequest, "invalid_batch")]
    [InlineData("{\"boot\":\"b\",\"source\":\"s\",\"frames\":[]}", HttpStatusCode.BadRequest, "invalid_batch")]
    public async Task A_body_that_is_no_batch_is_400(string body, HttpStatusCode expected, string code)
    {
        var (status, text) = await Post(product.Agent, body);

        Assert.Equal(expected, status);
        Assert.Equal(code, (string)JsonNode.Parse(text)!["code"]!);
    }

    [Fact]
    public async Task Ten_megabytes_are_413_and_so_is_a_gzip_bomb()
    {
        var large = await Post(product.Agent, new string(' ', 10 << 20));
        var bomb = await Post(product.Agent, Gzip(new byte[64 << 20]), "gzip");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, bomb.Status);
    }

    [Fact]
    public async Task Gzip_is_unpacked_and_what_is_no_gzip_is_400()
    {
        var good = await Post(product.Agent, Gzip(Encoding.UTF8.GetBytes(Batch("host-i", Frame("GPU-i-1", 1)))), "gzip");
        var bad = await Post(product.Agent, Encoding.UTF8.GetBytes(Batch("host-i", Frame("GPU-i-1", 2))), "gzip");

        Assert.Equal(HttpStatusCode.OK, good.Status);
        Assert.Equal((HttpStatusCode.BadRequest, "not_gzip"), (bad.Status, (string)JsonNode.Parse(bad.Text)!["code"]!));
    }

    [Fact]
    public async Task Another_media_type_is_415()
    {
        using var content = new StringContent("host,gpu", Encoding.UTF8, "text/csv");
        using var response = await product.Agent.PostAsync(new Uri("/v1/telemetry", UriKind.Relative), content);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task A_clock_ahead_is_quarantined_counted_and_not_stored()
    {
        var ahead = DateTimeOffset.UtcNow.AddMinutes(7);
        var (status, text) = await Post(product.Agent, Batch("host-j", Frame("GPU-j-1", 1, ahead), Frame("GPU-j-2", 1)));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("clock_ahead", (string)JsonNode.Parse(text)!["rejected"]![0]!["code"]!);
        Assert.Equal(0, await Stored("GPU-j-1"));
        var kept = await Json(product.Viewer, "/v1/telemetry/quarantine");
        Assert.Contains(kept.AsArray(), item => (string)item!["frame"]!["gpu"]! == "GPU-j-1");
        Assert.DoesNotContain("energyttt_intake_frames_quarantined_total 0\n", await product.Viewer.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Series_come_as_json_csv_parquet_and_columns_that_agree()
    {
        await Post(product.Agent, Batch("host-k", Frame("GPU-k-1", 1)));
        const string path = "/v1/series?metric=power_average_watts&gpu=GPU-k-1&from=now-5m&to=now&step=10";

        var json = await Json(product.Viewer, path);
        var csv = Encoding.UTF8.GetString(await Get(path, "text/csv"));
        var parquet = await Get(path, "application/vnd.apache.parquet");
        var columns = await Get(path, "application/vnd.energyttt.columns");

        Assert.Equal("W", (string)json["unit"]!);
        Assert.Contains(json["series"]![0]!["values"]!.AsArray(), value => value is not null && (double)value == 611.9);
        Assert.Contains(",GPU-k-1,GPU-k-1,power_average_watts,W,measured,611.9\r\n", csv, StringComparison.Ordinal);
        Assert.Equal("PAR1", Encoding.ASCII.GetString(parquet[..4]));
        var length = BitConverter.ToInt32(columns);
        var header = JsonNode.Parse(columns.AsSpan(4, length))!;
        var points = (int)header["points"]!;
        Assert.Equal(0, (4 + length) % 8);
        Assert.Equal(4 + length + (16 * points), columns.Length);
        Assert.Equal("measured", (string)header["series"]![0]!["origin"]!);
        Assert.Contains(611.9, Enumerable.Range(0, points).Select(point => BitConverter.ToDouble(columns, 4 + length + (8 * (points + point)))));
    }

    [Theory]
    [InlineData("/v1/series?metric=nonsense", "unknown_metric")]
    [InlineData("/v1/series", "invalid_metric")]
    [InlineData("/v1/series?metric=energy_joules&from=yesterday-ish", "invalid_from")]
    [InlineData("/v1/series?metric=energy_joules&step=-1", "invalid_step")]
    [InlineData("/v1/series?metric=energy_joules&aggregate=median", "invalid_aggregate")]
    [InlineData("/v1/fleet?scope=continent/europe", "invalid_scope")]
    [InlineData("/v1/gpus?limit=0", "invalid_limit")]
    public async Task A_question_that_is_not_understood_is_400_with_its_code(string path, string code)
    {
        using var response = await product.Viewer.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(code, (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["code"]!);
    }

    [Fact]
    public async Task A_gpu_has_a_view_of_its_own_and_an_unknown_one_is_404()
    {
        await Post(product.Agent, Batch("host-l", Frame("GPU-l-1", 1)));

        var gpu = await Until(() => JsonOrNull(product.Viewer, "/v1/gpus/GPU-l-1"), node => node is not null);
        using var unknown = await product.Viewer.GetAsync(new Uri("/v1/gpus/GPU-never", UriKind.Relative));

        Assert.Equal("host-l", (string)gpu!["host"]!);
        Assert.Equal(612.4, (double)gpu["energy_total_joules"]!);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Metrics_omit_what_is_unknown_and_end_as_open_metrics_when_asked()
    {
        await Post(product.Agent, Batch("host-m", Frame("GPU-m-1", 1)));

        var text = await Until(async () => await product.Viewer.GetStringAsync(new Uri("/metrics", UriKind.Relative)), it => it.Contains("GPU-m-1", StringComparison.Ordinal));
        var open = Encoding.UTF8.GetString(await Get("/metrics", "application/openmetrics-text"));

        Assert.Matches("hw_power_watts\\{hw_id=\"GPU-m-1\"[^}]*origin=\"measured\"\\} 611\\.9\n", text);
        Assert.DoesNotMatch("hw_temperature_celsius\\{hw_id=\"GPU-m-1\"[^}]*memory", text);
        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", open, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_made_listed_without_secret_and_ended_by_administrators_only()
    {
        using var content = new StringContent("""{"role":"agent","owner":"agent/host-n","hosts":["host-n"]}""", Encoding.UTF8, "application/json");
        using var made = await product.Administrator.PostAsync(new Uri("/v1/keys", UriKind.Relative), content);
        var key = JsonNode.Parse(await made.Content.ReadAsStringAsync())!;
        var listed = await product.Administrator.GetStringAsync(new Uri("/v1/keys", UriKind.Relative));
        using var refused = await product.Viewer.GetAsync(new Uri("/v1/keys", UriKind.Relative));
        using var ended = await product.Administrator.DeleteAsync(new Uri("/v1/keys/" + (string)key["id"]!, UriKind.Relative));

        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Contains((string)key["id"]!, listed, StringComparison.Ordinal);
        Assert.DoesNotContain((string)key["key"]!, listed, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
    }

    [Fact]
    public async Task The_description_lists_every_road_and_every_answer_forbids_foreign_scripts()
    {
        using var response = await product.Product.Client().GetAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        var paths = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["paths"]!.AsObject().Select(path => path.Key).ToList();
        using var docs = await product.Product.Client().GetAsync(new Uri("/docs", UriKind.Relative));

        Assert.Superset(new HashSet<string> { "/v1/telemetry", "/v1/fleet", "/v1/gpus", "/v1/gpus/{id}", "/v1/series", "/v1/metrics-catalogue", "/v1/keys", "/v1/status", "/health/ready", "/metrics" }, paths.ToHashSet());
        Assert.Contains("script-src 'self'", docs.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", await docs.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_tells_version_silos_and_the_settings_of_durability()
    {
        var status = await Json(product.Viewer, "/v1/status");

        Assert.Equal(1, (int)status["silos"]!);
        Assert.False((bool)status["database"]!["embedded"]!);
        Assert.NotNull(status["database"]!["settings"]!["synchronous_commit"]);
    }

    private static string Batch(string host, params string[] frames) =>
        $$"""{"source":"test","boot":"{{Boot}}","site":"lab","rack":"r1","host":"{{host}}","gpus":[],"frames":[{{string.Join(',', frames)}}]}""";

    private static string Frame(string gpu, long sequence, DateTimeOffset? time = null) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"gpu":"{{gpu}}","sequence":{{sequence}},"time":"{{(time ?? DateTimeOffset.UtcNow.AddSeconds(-20)).UtcDateTime:O}}","seconds":1.0,"origin":"measured","energy_joules":612.4,"energy_method":"counter","power_average_watts":611.9,"temperature_celsius":66,"later_field":{"a":[1]},"power_limit_watts":700}""");

    private static Task<(HttpStatusCode Status, string Text)> Post(HttpClient client, string body) => Post(client, Encoding.UTF8.GetBytes(body), null);

    private static async Task<(HttpStatusCode Status, string Text)> Post(HttpClient client, byte[] body, string? encoding)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        using var response = await client.PostAsync(new Uri("/v1/telemetry", UriKind.Relative), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest))
        {
            stream.Write(bytes);
        }

        return packed.ToArray();
    }

    private async Task<byte[]> Get(string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Accept.ParseAdd(accept);
        using var response = await product.Viewer.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(accept, response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadAsByteArrayAsync();
    }

    private static async Task<JsonNode> Json(HttpClient client, string path) => JsonNode.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative)))!;

    private static async Task<JsonNode?> JsonOrNull(HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
        return response.IsSuccessStatusCode ? JsonNode.Parse(await response.Content.ReadAsStringAsync()) : null;
    }

    private static async Task<T> Until<T>(Func<Task<T>> look, Func<T, bool> arrived)
    {
        for (var looks = 0; ; looks++)
        {
            var seen = await look();
            if (arrived(seen))
            {
                return seen;
            }

            Assert.True(looks < 300, "It did not come within 30 seconds.");
            await Task.Delay(100);
        }
    }

    private async Task<long> Stored(string gpu)
    {
        await using var command = product.Source.CreateCommand("select count(*) from telemetry.frame join telemetry.gpu using (gpu_id) where uuid = $1");
        command.Parameters.Add(new Npgsql.NpgsqlParameter<string> { TypedValue = gpu });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
