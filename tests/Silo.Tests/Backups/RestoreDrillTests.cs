using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.History;
using EnergyTTT.History.Access;
using EnergyTTT.History.Servers;
using EnergyTTT.Silo.Tests.Commands;
using EnergyTTT.Silo.Tests.Products;
using Npgsql;
using Xunit;

namespace EnergyTTT.Silo.Tests.Backups;

/// <summary>The drill of docs/operations.md with the real programs: back up a product under load, lose its folder, restore, start, count.</summary>
public sealed class RestoreDrillTests
{
    [Fact]
    public async Task Everything_acknowledged_before_the_backup_is_there_after_the_loss_of_the_folder_and_the_keys_still_open()
    {
        var lost = Folder();
        var found = Folder();
        var file = lost + ".backup";
        try
        {
            string key;
            int before;
            var product = await Product.Start(lost);
            await using (product)
            {
                key = await NewKey(lost);
                using var client = product.Client(key);
                before = 0;
                for (; before < 40; before++)
                {
                    await Send(client, before);
                }

                using var stop = new CancellationTokenSource();
                var load = Task.Run(async () =>
                {
                    for (var sequence = before; !stop.IsCancellationRequested; sequence++)
                    {
                        await Send(client, sequence);
                    }
                });
                var taken = await CommandTests.Run(lost, "backup", file, "--json");
                var again = await CommandTests.Run(lost, "backup", file);
                await stop.CancelAsync();
                await load;
                Assert.Equal((0, 1), (taken.Code, again.Code));
                Assert.Contains("never overwritten", again.Error, StringComparison.Ordinal);
                Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
                await product.Kill();
            }

            Directory.Delete(lost, recursive: true);
            var restored = await CommandTests.Run(found, "restore", file, "--json");
            var twice = await CommandTests.Run(found, "restore", file);
            Assert.True(restored.Code == 0, restored.Error);
            Assert.True((double)JsonNode.Parse(restored.Output)!["seconds"]! < 300);
            Assert.Equal(1, twice.Code);
            Assert.Contains("not empty", twice.Error, StringComparison.Ordinal);

            await using var next = await Product.Start(found);
            Assert.True(await Stored(found) >= before);
            using var later = next.Client(key);
            await Send(later, 1_000_000);
            var doctor = await CommandTests.Run(found, "doctor", "--server", next.Server.AbsoluteUri, "--json");
            Assert.True(doctor.Code == 0, doctor.Output);
            var verified = await CommandTests.Run(found, "audit", "verify", "--local", "--json");
            Assert.True((bool)JsonNode.Parse(verified.Output)!["whole"]!);
        }
        finally
        {
            foreach (var folder in new[] { lost, found }.Where(Directory.Exists))
            {
                Directory.Delete(folder, recursive: true);
            }

            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_damaged_backup_is_refused_and_the_doctor_says_what_is_missing()
    {
        var folder = Folder();
        var file = folder + ".backup";
        try
        {
            await File.WriteAllTextAsync(file, "this is no backup");

            var restored = await CommandTests.Run(folder, "restore", file);
            var doctor = await CommandTests.Run(folder, "doctor", "--server", $"http://127.0.0.1:{Product.FreePort()}", "--json");

            Assert.Equal((1, 1), (restored.Code, doctor.Code));
            Assert.Contains("backup", restored.Error, StringComparison.Ordinal);
            var findings = JsonNode.Parse(doctor.Output)!["findings"]!.AsArray();
            var server = Assert.Single(findings, finding => (string)finding!["check"]! == "server");
            Assert.Equal("fault", (string)server!["level"]!);
            Assert.Contains("Start the product", (string)server["do"]!, StringComparison.Ordinal);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            File.Delete(file);
        }
    }

    private static string Folder() => Path.Combine(Path.GetTempPath(), "energyttt-drill-" + Guid.NewGuid().ToString("N")[..8]);

    private static async Task Send(HttpClient client, int sequence)
    {
        var time = DateTimeOffset.UtcNow.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        using var content = new StringContent(
            $$"""{"source":"drill","boot":"drill","host":"drill","frames":[{"gpu":"GPU-drill-0","sequence":{{sequence}},"time":"{{time}}","seconds":1,"origin":"simulated","energy_joules":300,"energy_method":"counter"}]}""",
            Encoding.UTF8,
            new MediaTypeHeaderValue("application/json"));
        using var response = await client.PostAsync(new Uri("/v1/telemetry", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task<string> NewKey(string folder)
    {
        await using var source = Open(folder);
        return (await new ApiKeys(source, TimeProvider.System).Create(new ApiKeyRequest("agent"), CancellationToken.None)).Secret.Text;
    }

    private static async Task<long> Stored(string folder)
    {
        await using var source = Open(folder);
        await using var command = source.CreateCommand("select count(*) from telemetry.frame");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static NpgsqlDataSource Open(string folder) =>
        HistoryRegistration.OpenSource(PrivateServer.ConnectTo(new DataFolder(folder)) ?? throw new InvalidOperationException("no private server runs on " + folder));
}
