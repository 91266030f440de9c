using System.Text.Json.Nodes;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Wire.Policies;
using Xunit;

namespace EnergyTTT.Silo.Tests.Commands;

/// <summary>Policies as code, as a person keeps them in files.</summary>
[Collection(ProductCollection.Name)]
public sealed class PolicyCommandTests(ProductFixture product) : IAsyncLifetime
{
    private readonly string _scope = "deployment/as-code-" + Guid.NewGuid().ToString("N")[..8];
    private readonly string _file = Path.GetTempFileName();
    private string[] _server = [];

    public async Task InitializeAsync() => _server = ["--server", product.Product.Server.AbsoluteUri, "--key", (await product.NewKey("operator")).Text];

    public Task DisposeAsync()
    {
        File.Delete(_file);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task What_get_prints_set_reads_and_a_dry_run_changes_nothing()
    {
        await File.WriteAllTextAsync(_file, $"""
            # Cheap nights.
            scope: {_scope}
            version: 0
            reason: a pilot
            document:
              mode: advise
              target_latency_ms: 12.5
              muon_enabled: false
              schedules:
                - name: cheap night
                  cron: "0 22 * * *"
                  time_zone: Europe/Amsterdam
                  duration_minutes: 480
                  set:
                    energy_weight: 0.6
            """);

        var dry = await Run("set", "-f", _file, "--dry-run", "--json");
        Assert.Equal((0, "0"), (dry.Code, $"{JsonNode.Parse(dry.Output)!["version"]}"));
        Assert.Equal(["mode", "target_latency_ms", "muon_enabled", "schedules"], JsonNode.Parse(dry.Output)!["changes"]!.AsArray().Select(change => (string)change!["field"]!));
        Assert.Equal("0", $"{JsonNode.Parse((await Run("get", _scope, "--json")).Output)!["version"]}");

        var set = await Run("set", "-f", _file);
        Assert.Equal((0, ""), (set.Code, set.Error));
        Assert.Contains(_scope + " is in force.", set.Output, StringComparison.Ordinal);

        // The file still says version 0: somebody has saved meanwhile.
        var stale = await Run("set", "-f", _file);
        Assert.Equal(1, stale.Code);
        Assert.Contains("You have read version 0", stale.Error, StringComparison.Ordinal);

        var yaml = (await Run("get", _scope)).Output;
        await File.WriteAllTextAsync(_file, yaml);
        var same = await Run("set", "-f", _file, "--dry-run");
        Assert.Equal(0, same.Code);
        Assert.Contains("Nothing differs.", same.Output, StringComparison.Ordinal);
        Assert.Contains("# By key/", yaml, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_file, (await Run("get", _scope, "--json")).Output);
        Assert.Contains("Nothing differs.", (await Run("set", "-f", _file, "--dry-run")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_is_wrong_with_a_file_is_named_and_nothing_is_saved()
    {
        await File.WriteAllTextAsync(_file, "moode: enforce\nttt_chunk_size: many\nmode: enforce\n");
        var unread = await Run("set", "-f", _file, "--scope", _scope, "-r", "x");
        await File.WriteAllTextAsync(_file, "mode: enforce\nttt_update_frequency: 4096\nexperiments_allowed: false\n");
        var wrong = await Run("set", "-f", _file, "--scope", _scope, "--dry-run");
        await File.WriteAllTextAsync(_file, "mode: [enforce\n");
        var broken = await Run("set", "-f", _file, "--scope", _scope, "-r", "x");

        Assert.Equal((1, 1, 1), (unread.Code, wrong.Code, broken.Code));
        Assert.Contains("'moode' is no field of a policy; did you mean mode?", unread.Error, StringComparison.Ordinal);
        Assert.Contains("ttt_chunk_size is \"many\"; 2048 to 1048576 expected", unread.Error, StringComparison.Ordinal);
        Assert.Equal("", wrong.Error);
        Assert.Contains("wrong: ttt_update_frequency is 4096", wrong.Output, StringComparison.Ordinal);
        Assert.Contains("wrong: hold_out_share is above 0", wrong.Output, StringComparison.Ordinal);
        Assert.Contains("line 2", broken.Error, StringComparison.Ordinal);
        Assert.Equal("0", $"{JsonNode.Parse((await Run("get", _scope, "--json")).Output)!["version"]}");
    }

    [Fact]
    public async Task Single_fields_are_set_and_taken_back_history_diff_and_restore_follow()
    {
        Assert.Equal(2, (await Run("set", "mode=observe", "--scope", _scope)).Code); // no reason
        Assert.Equal(0, (await Run("set", "mode=observe", "hold_out_share=0.1", "--scope", _scope, "-r", "first")).Code);
        Assert.Equal(0, (await Run("set", "hold_out_share=", "target_power_watts=300", "--scope", _scope, "-r", "second")).Code);

        var history = JsonNode.Parse((await Run("history", _scope, "--json")).Output)!["versions"]!.AsArray();
        Assert.Equal(["second", "first"], history.Select(version => (string)version!["reason"]!));
        var diff = JsonNode.Parse((await Run("diff", _scope, "--json")).Output)!["changes"]!.AsArray();
        Assert.Equal(["target_power_watts", "hold_out_share"], diff.Select(change => (string)change!["field"]!));

        var restored = await Run("restore", _scope, "--version", $"{history[1]!["version"]}", "--json");
        Assert.Equal(0, restored.Code);
        Assert.Equal(0.1, (double)JsonNode.Parse(restored.Output)!["document"]!["hold_out_share"]!);
        Assert.Contains($"{_scope}", (await Run("scopes")).Output, StringComparison.Ordinal);
        Assert.Contains("from", (await Run("get", _scope, "--effective")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_schema_needs_no_server() => Assert.Equal(PolicySchema.Text, (await CommandTests.Run(null, "policy", "schema")).Output);

    private Task<(int Code, string Output, string Error)> Run(params string[] arguments) => CommandTests.Run(null, ["policy", .. arguments, .. _server]);
}
