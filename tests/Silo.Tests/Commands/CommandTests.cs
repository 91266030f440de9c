using System.Diagnostics;
using System.Text.Json.Nodes;
using EnergyTTT.History.Servers;
using EnergyTTT.Silo.Tests.Products;
using Xunit;

namespace EnergyTTT.Silo.Tests.Commands;

/// <summary>The command line as a person runs it: the built program, its output and its exit code.</summary>
[Collection(ProductCollection.Name)]
public sealed class CommandTests(ProductFixture product)
{
    [Fact]
    public async Task Status_prints_what_the_server_says()
    {
        var key = await product.NewKey("viewer");

        var (code, output, _) = await Run(null, "status", "--server", product.Product.Server.AbsoluteUri, "--key", key.Text, "--json");

        var status = JsonNode.Parse(output)!;
        Assert.Equal((0, 1, product.Product.ProcessId), (code, (int)status["silos"]!, (int)status["process_id"]!));
    }

    [Fact]
    public async Task A_server_that_is_not_there_and_a_key_that_is_none_fail_with_a_sentence()
    {
        var away = await Run(null, "status", "--server", $"http://127.0.0.1:{Product.FreePort()}", "--key", "ettt_nonsense");
        var refused = await Run(null, "status", "--server", product.Product.Server.AbsoluteUri, "--key", "ettt_nonsense");

        Assert.Equal((1, 1), (away.Code, refused.Code));
        Assert.Contains("does not answer", away.Error, StringComparison.Ordinal);
        Assert.Contains("401", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("keys", "create", "--role", "king")]
    [InlineData("status", "--server", "not-an-address")]
    [InlineData("bench", "ingest", "--rounds", "0")]
    [InlineData("bench", "storage", "--minutes", "0")]
    [InlineData("bench", "history", "--part", "everything")]
    [InlineData("audit", "verify", "--head", "3")]
    [InlineData("users", "create", "ada", "--role", "king")]
    public async Task Wrong_usage_is_exit_code_2(params string[] arguments) => Assert.Equal(2, (await Run(null, arguments)).Code);

    [Fact]
    public async Task Keys_are_made_listed_and_ended_against_a_server()
    {
        var administrator = await product.NewKey("administrator");
        string[] server = ["--server", product.Product.Server.AbsoluteUri, "--key", administrator.Text, "--json"];

        var made = await Run(null, ["keys", "create", "--role", "agent", "--host", "host-cli", .. server]);
        var id = (string)JsonNode.Parse(made.Output)!["id"]!;
        var listed = await Run(null, ["keys", "list", .. server]);
        var ended = await Run(null, ["keys", "revoke", id, .. server]);
        var unknown = await Run(null, ["keys", "revoke", "nobody00", .. server]);

        Assert.Equal((0, 0, 0, 1), (made.Code, listed.Code, ended.Code, unknown.Code));
        Assert.StartsWith("ettt_" + id, (string)JsonNode.Parse(made.Output)!["key"]!, StringComparison.Ordinal);
        Assert.Contains(JsonNode.Parse(listed.Output)!.AsArray(), key => (string)key!["id"]! == id && (string)key["hosts"]![0]! == "host-cli");
    }

    [Fact]
    public async Task A_key_is_rotated_a_person_invited_and_the_persons_sessions_listed_and_ended()
    {
        var administrator = await product.NewKey("administrator");
        string[] server = ["--server", product.Product.Server.AbsoluteUri, "--key", administrator.Text];
        var old = await product.NewKey("agent", "host-rotated");

        var rotated = await Run(null, ["keys", "rotate", old.Id, "--hours", "0", "--json", .. server]);
        Assert.Equal((0, ""), (rotated.Code, rotated.Error));
        var next = (string)JsonNode.Parse(rotated.Output)!["id"]!;
        var listed = JsonNode.Parse((await Run(null, ["keys", "list", "--json", .. server])).Output)!.AsArray();
        Assert.Equal("host-rotated", (string)listed.Single(key => (string)key!["id"]! == next)!["hosts"]![0]!);
        Assert.True((DateTimeOffset)listed.Single(key => (string)key!["id"]! == old.Id)!["expires"]! <= TimeProvider.System.GetUtcNow());
        Assert.Equal((1, 2), ((await Run(null, ["keys", "rotate", "nobody00", .. server])).Code, (await Run(null, ["keys", "rotate", next, "--hours", "721", .. server])).Code));

        Assert.Equal(2, (await Run(null, ["users", "invite", "ivy", .. server])).Code); // a new person needs a role
        var invited = await Run(null, ["users", "invite", "ivy", "--role", "operator", "--scope", "deployment/qwen", .. server]);
        Assert.Matches("Give this link to ivy; it works once, for three days: http.*/join#[a-z0-9]{32}", invited.Output);
        var again = await Run(null, ["users", "invite", "ivy", "--json", .. server]);
        Assert.Contains("/join#", (string)JsonNode.Parse(again.Output)!["link"]!, StringComparison.Ordinal);

        Assert.Equal("[]", JsonNode.Parse((await Run(null, ["sessions", "list", "ivy", "--json", .. server])).Output)!["sessions"]!.ToJsonString());
        Assert.Contains("The sessions of ivy have ended", (await Run(null, ["sessions", "end", "ivy", .. server])).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await Run(null, ["sessions", "end", "nobody", .. server])).Code);
    }

    [Fact]
    public async Task A_key_is_made_through_the_data_folder_while_no_server_runs()
    {
        var folder = Path.Combine(Path.GetTempPath(), "energyttt-cli-" + Guid.NewGuid().ToString("N")[..8]);
        try
        {
            var made = await Run(folder, "keys", "create", "--local", "--role", "administrator", "--json");
            var listed = await Run(folder, "keys", "list", "--local", "--json");

            Assert.Equal((0, 0), (made.Code, listed.Code));
            Assert.Equal((string)JsonNode.Parse(made.Output)!["id"]!, (string)JsonNode.Parse(listed.Output)![0]!["id"]!);
            Assert.Null(PrivateServer.ConnectTo(new DataFolder(folder)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_audit_log_is_verified_on_this_side_and_a_kept_head_must_still_be_there()
    {
        var administrator = await product.NewKey("administrator");
        string[] server = ["--server", product.Product.Server.AbsoluteUri, "--key", administrator.Text, "--json"];

        var verified = await Run(null, ["audit", "verify", .. server]);
        var head = (string)JsonNode.Parse(verified.Output)!["head"]!;
        await product.NewKey("viewer");
        var later = await Run(null, ["audit", "verify", "--head", head, .. server]);
        var other = await Run(null, ["audit", "verify", "--head", $"1:{new string('0', 64)}", .. server]);

        Assert.Equal((0, 0, 1), (verified.Code, later.Code, other.Code));
        Assert.True((long)JsonNode.Parse(later.Output)!["entries"]! > (long)JsonNode.Parse(verified.Output)!["entries"]!);
        Assert.Contains("cut off", (string)JsonNode.Parse(other.Output)!["fault"]!, StringComparison.Ordinal);
    }

    internal static async Task<(int Code, string Output, string Error)> Run(string? folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "energyttt.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("ConnectionStrings__EnergyTTT");
        start.Environment[DataFolder.Variable] = folder ?? Path.Combine(Path.GetTempPath(), "energyttt-cli-unused");
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
