using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Silo.Tests.Runs;

[Collection(ProductCollection.Name)]
public sealed class RunApiTests(ProductFixture product)
{
    private const string Letters = "ruparam.tgns =!<>()'\"%_-0159\0\u00e4;";
    private static readonly DateTimeOffset Started = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_bundle_is_imported_once_found_by_query_and_given_back_as_it_came()
    {
        var site = NewSite();
        var file = RunBundleFile.Write(Bundle(site));

        var first = await Import(file);
        var again = await Import(file);

        Assert.Equal((HttpStatusCode.Created, "recorded"), (first.Status, (string)first.Body["outcome"]!));
        Assert.Equal((HttpStatusCode.OK, "unchanged"), (again.Status, (string)again.Body["outcome"]!));
        var page = await Get($"/v1/runs?q={Uri.EscapeDataString($"tag.site = \"{site}\" and metric.saving_percent > 5")}&columns=run.name,metric.saving_percent,param.batch_size,receipt.publishable,tag.none");
        var row = page["runs"]!.AsArray().Single()!;
        Assert.Equal(("modelled", "tiny", 12.5, 16.0, false), ((string)row["origin"]!, (string)row["run.name"]!, (double)row["metric.saving_percent"]!, (double)row["param.batch_size"]!, (bool)row["receipt.publishable"]!));
        Assert.True(row.AsObject().ContainsKey("tag.none"));
        Assert.Null(row["tag.none"]);
        Assert.Null(page["next"]);
        Assert.Equal(file, await Download($"/v1/runs/{row["id"]}", RunBundleFile.MediaType));
    }

    [Fact]
    public async Task A_bundle_with_one_changed_byte_is_refused_wherever_the_byte_is()
    {
        var site = NewSite();
        var file = RunBundleFile.Write(Bundle(site));
        var random = new Random(5);
        for (var round = 0; round < 60; round++)
        {
            var changed = (byte[])file.Clone();
            changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));

            var (status, body) = await Import(changed);

            Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid_bundle"), (status, (string)body["code"]!));
        }

        Assert.Empty((await Get($"/v1/runs?q={Uri.EscapeDataString($"tag.site = \"{site}\"")}"))["runs"]!.AsArray());
    }

    [Fact]
    public async Task Another_content_of_a_recorded_run_is_a_conflict()
    {
        var bundle = Bundle(NewSite());
        await Import(RunBundleFile.Write(bundle));

        var (status, body) = await Import(RunBundleFile.Write(bundle with { Run = bundle.Run with { Name = "another" } }));

        Assert.Equal((HttpStatusCode.Conflict, "run_differs"), (status, (string)body["code"]!));
    }

    [Fact]
    public async Task A_run_is_recorded_live_by_its_key_alone_and_whole_at_its_end()
    {
        using var engine = await product.ClientOf("engine");
        using var other = await product.ClientOf("engine");
        var whole = Bundle(NewSite());
        var id = whole.Run.Id;

        var started = await Post(engine, "/v1/runs", Json(Begun(whole)));
        var trial = await Post(engine, $"/v1/runs/{id}/trials", Json(whole.Trials[0]));
        var repeated = await Post(engine, $"/v1/runs/{id}/trials", Json(whole.Trials[0]));
        var foreign = await Post(other, $"/v1/runs/{id}/trials", Json(whole.Trials[1]));
        var beat = await Post(engine, $"/v1/runs/{id}/heartbeat", null);
        var during = await Get($"/v1/runs/{id}");
        var finished = await Post(engine, $"/v1/runs/{id}/finish", Json(whole));
        var late = await Post(engine, $"/v1/runs/{id}/trials", Json(whole.Trials[0] with { Block = 99 }));

        Assert.Equal((HttpStatusCode.Created, "running"), (started.Status, (string)started.Body["state"]!));
        Assert.Equal(("recorded", "unchanged", "recorded"), ((string)trial.Body["outcome"]!, (string)repeated.Body["outcome"]!, (string)beat.Body["outcome"]!));
        Assert.Equal((HttpStatusCode.Forbidden, "not_the_recorder"), (foreign.Status, (string)foreign.Body["code"]!));
        Assert.Equal(("running", 1, "live"), ((string)during["run"]!["state"]!, during["trials"]!.AsArray().Count, (string)during["history"]!["source"]!));
        Assert.Equal((HttpStatusCode.OK, "completed"), (finished.Status, (string)finished.Body["state"]!));
        Assert.Equal((HttpStatusCode.Conflict, "run_ended"), (late.Status, (string)late.Body["code"]!));
        Assert.Equal(RunBundleFile.Write(whole), await Download($"/v1/runs/{id}", RunBundleFile.MediaType));
    }

    [Fact]
    public async Task A_receipt_carries_its_hash_its_verdicts_and_why_it_may_not_be_published()
    {
        var bundle = Bundle(NewSite());
        await Import(RunBundleFile.Write(bundle));

        var receipt = await Get($"/v1/runs/{bundle.Run.Id}/receipt");

        Assert.Equal(RunBundleFile.Digest(bundle.Receipt), (string)receipt["receipt_sha256"]!);
        Assert.False((bool)receipt["publishable"]!);
        Assert.Equal("not_measured", (string)receipt["reasons"]![0]!);
        Assert.Equal("not_measured", (string)receipt["verdicts"]![0]!["verdict"]!);
    }

    [Fact]
    public async Task Runs_stand_side_by_side_with_what_differs_and_the_chosen_baseline_first()
    {
        var first = Bundle(NewSite());
        var second = Bundle(NewSite());
        await Import(RunBundleFile.Write(first));
        await Import(RunBundleFile.Write(second));

        var contrast = await Get($"/v1/runs/compare?ids={first.Run.Id},{second.Run.Id}&baseline={second.Run.Id}");

        Assert.Equal([second.Run.Id.ToString(), first.Run.Id.ToString()], contrast["runs"]!.AsArray().Select(run => (string)run!["id"]!));
        Assert.Equal(["tag.site"], contrast["settings"]!.AsArray().Select(setting => (string)setting!["name"]!));
        Assert.Equal(0.0, (double)contrast["arms"]![0]!["changes"]![1]!["percent"]!);
    }

    [Fact]
    public async Task An_export_has_the_same_rows_as_csv_json_and_parquet()
    {
        var site = NewSite();
        for (var run = 0; run < 3; run++)
        {
            await Import(RunBundleFile.Write(Bundle(site)));
        }

        var query = $"q={Uri.EscapeDataString($"tag.site = \"{site}\"")}&columns=run.name,started,metric.saving_percent,param.muon_enabled";
        var csv = await product.Viewer.GetStringAsync(new Uri("/v1/runs/export?format=csv&" + query, UriKind.Relative));
        var json = JsonNode.Parse(await product.Viewer.GetStringAsync(new Uri("/v1/runs/export?format=json&" + query, UriKind.Relative)))!.AsArray();
        using var parquet = new MemoryStream(await product.Viewer.GetByteArrayAsync(new Uri("/v1/runs/export?format=parquet&" + query, UriKind.Relative)));
        await using var reader = await Parquet.ParquetReader.CreateAsync(parquet);

        Assert.StartsWith("id,origin,run.name,started,metric.saving_percent,param.muon_enabled\r\n", csv, StringComparison.Ordinal);
        Assert.Equal(3, csv.Split("\r\n").Count(line => line.EndsWith(",modelled,tiny,2026-11-20T10:00:00Z,12.5,true", StringComparison.Ordinal)));
        Assert.Equal(3, json.Count(row => (double)row!["metric.saving_percent"]! == 12.5));
        Assert.Equal(["id", "origin", "run.name", "started", "metric.saving_percent", "param.muon_enabled"], reader.Schema.DataFields.Select(field => field.Name));
        Assert.Equal(3, reader.OpenRowGroupReader(0).RowCount);
    }

    [Theory]
    [InlineData("q=metric.saving_percent%20%3E", "invalid_q", 24)]
    [InlineData("q=origin%20%3D%20%22guessed%22", "invalid_q", 10)]
    [InlineData("q=%00", "invalid_q", 1)]
    [InlineData("order=sideways", "invalid_order", 1)]
    [InlineData("columns=run.name,,run.kind", "invalid_columns", 10)]
    [InlineData("cursor=abc", "invalid_cursor", 1)]
    public async Task A_mistake_is_a_400_with_its_code_and_its_place(string query, string code, int position)
    {
        using var response = await product.Viewer.GetAsync(new Uri("/v1/runs?" + query, UriKind.Relative));
        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal((HttpStatusCode.BadRequest, code, position), (response.StatusCode, (string)problem["code"]!, (int)problem["position"]!));
        Assert.False(string.IsNullOrEmpty((string?)problem["expected"]));
    }

    [Theory]
    [InlineData("/v1/runs?limit=0", HttpStatusCode.BadRequest, "invalid_limit")]
    [InlineData("/v1/runs?limit=many", HttpStatusCode.BadRequest, "invalid_limit")]
    [InlineData("/v1/runs/export?format=xls", HttpStatusCode.BadRequest, "invalid_format")]
    [InlineData("/v1/runs/compare?ids=1", HttpStatusCode.BadRequest, "invalid_ids")]
    [InlineData("/v1/runs/compare?ids=1,2", HttpStatusCode.NotFound, "run_unknown")]
    [InlineData("/v1/runs/no-such-run", HttpStatusCode.NotFound, "run_unknown")]
    [InlineData("/v1/runs/0199aaaa-0000-7000-8000-000000000000/receipt", HttpStatusCode.NotFound, "run_unknown")]
    public async Task What_is_not_there_or_out_of_range_has_a_code(string path, HttpStatusCode status, string code)
    {
        using var response = await product.Viewer.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal((status, code), (response.StatusCode, (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["code"]!));
    }

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest, "not_json")]
    [InlineData("{\"schema\":1}", HttpStatusCode.BadRequest, "not_json")]
    public async Task A_body_that_is_no_run_is_refused(string body, HttpStatusCode status, string code)
    {
        using var engine = await product.ClientOf("engine");

        var answer = await Post(engine, "/v1/runs", Encoding.UTF8.GetBytes(body));

        Assert.Equal((status, code), (answer.Status, (string)answer.Body["code"]!));
    }

    [Fact]
    public async Task Numbers_and_texts_that_cannot_be_stored_are_422_and_never_5xx()
    {
        using var engine = await product.ClientOf("engine");
        var whole = Bundle(NewSite());
        await Post(engine, "/v1/runs", Json(Begun(whole)));
        var good = Encoding.UTF8.GetString(Json(whole.Trials[0]));
        var bad = new[] { good.Replace("2000.25", "1e999", StringComparison.Ordinal), good.Replace("2000.25", "-1", StringComparison.Ordinal), good.Replace("\"Baseline\"", "\"a\\u0000\"", StringComparison.Ordinal), good.Replace("2026-11-20", "0001-01-01", StringComparison.Ordinal) };

        foreach (var body in bad)
        {
            Assert.NotEqual(good, body);
            var answer = await Post(engine, $"/v1/runs/{whole.Run.Id}/trials", Encoding.UTF8.GetBytes(body));
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid_run"), (answer.Status, (string)answer.Body["code"]!));
        }

        var surrogate = await Post(engine, $"/v1/runs/{whole.Run.Id}/trials", Encoding.UTF8.GetBytes(good.Replace("\"Baseline\"", "\"\\ud800\"", StringComparison.Ordinal)));
        Assert.Equal((HttpStatusCode.BadRequest, "not_json"), (surrogate.Status, (string)surrogate.Body["code"]!));
    }

    [Fact]
    public async Task A_viewer_may_not_record_and_a_machine_may_not_look()
    {
        using var engine = await product.ClientOf("engine");

        var recorded = await Post(product.Viewer, "/v1/runs", Json(Begun(Bundle(NewSite()))));
        using var looked = await engine.GetAsync(new Uri("/v1/runs", UriKind.Relative));
        using var nobody = await product.Product.Client().GetAsync(new Uri("/v1/runs", UriKind.Relative));

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized), (recorded.Status, looked.StatusCode, nobody.StatusCode));
    }

    /// <summary>The fuzzer of the history asks 100,000 strings in process; some of them go over the real road here, at the pace that one caller is allowed.</summary>
    [Fact]
    public async Task Random_strings_over_http_are_answered_or_refused_with_a_place()
    {
        var random = new Random(99);
        var (answered, refused) = (0, 0);
        for (var round = 0; round < 300; round++)
        {
            var query = new string([.. Enumerable.Range(0, random.Next(30)).Select(_ => Letters[random.Next(Letters.Length)])]);
            query = round % 3 == 0 ? "param.x " + "=<>"[random.Next(3)] + " " + random.Next(100) : query;
            using var response = await product.Viewer.GetAsync(new Uri("/v1/runs?limit=1&q=" + Uri.EscapeDataString(query), UriKind.Relative));
            if (response.StatusCode == HttpStatusCode.OK)
            {
                answered++;
                continue;
            }

            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.InRange((int)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["position"]!, 1, query.Length + 1);
            refused++;
        }

        Assert.True(answered >= 100 && refused >= 100, $"{answered} answered, {refused} refused");
    }

    internal static RunBundle Bundle(string site)
    {
        var receipt = new RunReceipt
        {
            Started = Started, Finished = Started.AddSeconds(100), Origin = Origin.Modelled, Gpus = [], GpuModel = null, Engine = "energyttt 0.1", CodeVersion = "0.1.0", SettingsSha256 = "ab", OrderSeed = 7, Order = ["Baseline", "Greedy"], Host = "linux",
            Publishable = false, Reasons = ["not_measured"],
        };
        return new RunBundle
        {
            Schema = RunBundle.CurrentSchema,
            Run = new RunDescription
            {
                Id = Guid.CreateVersion7(), Kind = "compare", Name = "tiny", Started = Started, Finished = Started.AddSeconds(100), State = RunState.Completed, Origin = Origin.Modelled,
                Parameters = new() { ["batch_size"] = 16, ["muon_enabled"] = true }, Tags = new() { ["site"] = site }, Metrics = new() { ["saving_percent"] = 12.5 },
            },
            Arms = [Arm("Baseline", 2.0), Arm("Greedy", 1.75)],
            Trials = [Trial(0, "Baseline"), Trial(1, "Greedy")],
            Comparisons = [new RunComparison { Control = "Baseline", Treated = "Greedy", Pairs = 1, Origin = Origin.Modelled, Method = "paired_blocks_t", SavingPercent = 12.5, Verdict = Verdict.NotMeasured, Publishable = false, Reasons = ["not_measured"] }],
            Receipt = receipt,
            ReceiptSha256 = RunBundleFile.Digest(receipt),
        };
    }

    internal static RunBundle Begun(RunBundle whole) => whole with { Run = whole.Run with { State = RunState.Running, Finished = null, Metrics = [] }, Trials = [], Comparisons = [], Receipt = null, ReceiptSha256 = null };

    internal static byte[] Json(RunBundle bundle) => JsonSerializer.SerializeToUtf8Bytes(bundle, WireJson.Default.RunBundle);

    internal static byte[] Json(RunTrial trial) => JsonSerializer.SerializeToUtf8Bytes(trial, WireJson.Default.RunTrial);

    internal static async Task<(HttpStatusCode Status, JsonNode Body)> Post(HttpClient client, string path, byte[]? body, string type = "application/json")
    {
        using var content = new ByteArrayContent(body ?? []);
        content.Headers.ContentType = body is null ? null : new MediaTypeHeaderValue(type);
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    private static RunArm Arm(string name, double joulesPerToken) => new()
    {
        Name = name, Strategy = name, Grouping = "random", Phase = "decode", BatchSize = 16, Trials = 1, Tokens = 1000, Origin = Origin.Modelled, JoulesPerToken = joulesPerToken, JoulesPerTokenLow = joulesPerToken * 0.98, JoulesPerTokenHigh = joulesPerToken * 1.02,
    };

    private static RunTrial Trial(int block, string arm) => new()
    {
        Block = block, Arm = arm, Pair = 0, Started = Started.AddSeconds(10 * block), Finished = Started.AddSeconds((10 * block) + 9), Seconds = 9, Tokens = 1000, Origin = Origin.Modelled, Joules = 2000.25,
    };

    private static string NewSite() => "site-" + Guid.NewGuid().ToString("N")[..8];

    private Task<(HttpStatusCode Status, JsonNode Body)> Import(byte[] file) => Post(product.Administrator, "/v1/runs/import", file, RunBundleFile.MediaType);

    private async Task<JsonNode> Get(string path) => JsonNode.Parse(await product.Viewer.GetStringAsync(new Uri(path, UriKind.Relative)))!;

    private async Task<byte[]> Download(string path, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(type);
        using var response = await product.Viewer.SendAsync(request);
        return await response.Content.ReadAsByteArrayAsync();
    }
}
