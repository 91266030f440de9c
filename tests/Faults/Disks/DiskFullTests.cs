using System.Diagnostics;
using System.Text.Json.Nodes;
using EnergyTTT.Faults.Clusters;
using EnergyTTT.Faults.Commands;
using EnergyTTT.Faults.Loads;
using EnergyTTT.Faults.Reports;
using EnergyTTT.History;
using EnergyTTT.History.Access;
using EnergyTTT.History.Servers;
using EnergyTTT.Testing.Products;
using Xunit;

namespace EnergyTTT.Faults.Disks;

/// <summary>The product with its own PostgreSQL on a disk that becomes full, and is given room again.</summary>
[Collection(Machine.Name)]
[Trait(FaultReport.Form, FaultReport.Long)]
public sealed class DiskFullTests
{
    private const int Megabytes = 400;
    private static readonly TimeSpan Full = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_full_disk_stops_ingest_until_there_is_room_and_the_product_lives_on()
    {
        await using var disk = await SmallDisk.Make(Megabytes);
        var folder = Path.Combine(disk.Path, "data");
        await using var product = await Product.Start(folder);
        await using var source = HistoryRegistration.OpenSource(PrivateServer.ConnectTo(new DataFolder(folder)) ?? throw new InvalidOperationException("no private server runs on " + folder));
        var (_, secret) = await new ApiKeys(source, TimeProvider.System).Create(new ApiKeyRequest(ApiKeyRoles.Agent), CancellationToken.None);
        await using var load = AgentLoad.Start([product.Server], secret.Text, hosts: 8);
        await load.Flow(TimeSpan.FromSeconds(30));

        disk.Fill();
        await Task.Delay(Full);
        var refused = load.Refusals.GetValueOrDefault(429) + load.Refusals.GetValueOrDefault(503);
        var doctor = await Command.Run(folder, "doctor", "--server", product.Server.AbsoluteUri, "--json");
        disk.Free();
        var freed = Stopwatch.GetTimestamp();
        try
        {
            await load.Flow(TimeSpan.FromSeconds(60));
        }
        catch (Xunit.Sdk.XunitException still)
        {
            Assert.Fail($"{still.Message}\nThe product said last:\n{string.Join('\n', product.Said.Where(line => !line.TrimStart().StartsWith("at ", StringComparison.Ordinal)).TakeLast(60))}\nand its database:\n{LastWords(folder)}");
        }

        var resumed = Stopwatch.GetElapsedTime(freed);
        var found = await load.Settle(source);

        var finding = JsonNode.Parse(doctor.Output)!["findings"]!.AsArray().Single(it => (string)it!["check"]! == "disk")!;
        FaultReport.Row(
            "disk full", $"{Megabytes} MB file system filled to the last block for {Full.TotalSeconds:0} s, under ingest",
            $"{refused} answers 429 or 503, nothing else; the same process all along; doctor: {finding["says"]}; flowing again {resumed.TotalSeconds:0.0} s after there was room; {found.Acknowledged:N0} frames acknowledged, {found.Missing} missing, {found.Doubled} doubled");
        Assert.True(refused > 0, "nobody was told to come back");
        Assert.Equal("fault", (string)finding["level"]!);
        Assert.False(product.HasExited);
        Assert.True(resumed < TimeSpan.FromSeconds(30), $"it took {resumed.TotalSeconds:0.0} s to flow again");
    }

    private static string LastWords(string folder)
    {
        var newest = new DirectoryInfo(Path.Combine(folder, "postgresql", "log")).EnumerateFiles().MaxBy(log => log.LastWriteTimeUtc);
        return newest is null ? "nothing" : string.Join('\n', File.ReadLines(newest.FullName).TakeLast(30));
    }
}
