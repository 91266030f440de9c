using System.Net;
using System.Text.Json.Nodes;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Testing.Databases;
using Xunit;

namespace EnergyTTT.Silo.Tests.Runs;

/// <summary>A server whose patience with recorders is short.</summary>
public sealed class SilentRecorderTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "energyttt-test-" + Guid.NewGuid().ToString("N")[..8]);
    private Product _product = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _product = await Product.Start(_folder, postgres.ConnectionString, null, "--Runs:Silence", "00:00:02");
        var key = (await new ApiKeys(postgres.Source, TimeProvider.System).Create(new ApiKeyRequest("operator"), default)).Secret;
        _client = _product.Client(key.Text);
    }

    [Fact]
    public async Task A_killed_recorder_leaves_an_aborted_run_with_what_it_had_and_a_living_one_does_not()
    {
        var killed = RunApiTests.Bundle("killed");
        var living = RunApiTests.Bundle("living");
        foreach (var run in new[] { killed, living })
        {
            await RunApiTests.Post(_client, "/v1/runs", RunApiTests.Json(RunApiTests.Begun(run)));
            await RunApiTests.Post(_client, $"/v1/runs/{run.Run.Id}/trials", RunApiTests.Json(run.Trials[0]));
        }

        JsonNode seen;
        do
        {
            var beat = await RunApiTests.Post(_client, $"/v1/runs/{living.Run.Id}/heartbeat", null);
            Assert.Equal((HttpStatusCode.OK, "running"), (beat.Status, (string)beat.Body["state"]!));
            await Task.Delay(200);
            seen = JsonNode.Parse(await _client.GetStringAsync(new Uri($"/v1/runs/{killed.Run.Id}", UriKind.Relative)))!;
        }
        while ((string)seen["run"]!["state"]! == "running");

        Assert.Equal(("aborted", 1), ((string)seen["run"]!["state"]!, seen["trials"]!.AsArray().Count));
        Assert.Contains("silent", (string)seen["run"]!["reason"]!, StringComparison.Ordinal);
        Assert.Equal("running", (string)JsonNode.Parse(await _client.GetStringAsync(new Uri($"/v1/runs/{living.Run.Id}", UriKind.Relative)))!["run"]!["state"]!);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _product.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
