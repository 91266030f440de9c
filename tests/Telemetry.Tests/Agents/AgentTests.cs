using System.Text.Json;
using EnergyTTT.Telemetry.Tests.FakeNvml;
using EnergyTTT.Telemetry.Tests.Uploads;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Agents;

/// <summary>The real agent executable, with the scripted driver on one side and a failing server on the other.</summary>
public sealed class AgentTests : IDisposable
{
    private const string Card = "GPU-fa4e0000-0000-0000-0000-000000000000";

    private readonly string _buffer = Directory.CreateTempSubdirectory("ettt-agent-").FullName;
    private readonly FakeServer _server = new();

    [Fact]
    public async Task A_server_that_goes_away_and_an_agent_that_is_killed_lose_nothing_and_double_nothing()
    {
        using var driver = new FakeDriver("gpus 2\ngpu * set power 0 600\ngpu * set temp 0 66\n");
        DateTimeOffset killed;
        using (var first = Start(driver))
        {
            await Until(() => _server.Sequences(Card).Count >= 2);
            _server.Stop();
            await Task.Delay(3500);
            killed = DateTimeOffset.UtcNow;
            await first.Kill();
        }

        _server.Start();
        using var second = Start(driver);
        await Until(() => _server.Batches.Select(batch => batch.Boot).Distinct().Count() == 2);
        await Task.Delay(1500);
        Assert.Equal(0, await second.Terminate());

        foreach (var boot in _server.Batches.GroupBy(batch => batch.Boot))
        {
            var sequences = boot.SelectMany(batch => batch.Frames).Where(frame => frame.Gpu.Value == Card).Select(frame => frame.Sequence).Distinct().ToList();
            Assert.Equal(Enumerable.Range(0, sequences.Count).Select(i => (long)i), sequences);
        }

        // Up to the last second before the kill everything of the first run is there: it was on the disk.
        Assert.InRange(_server.Batches.Where(batch => batch.Boot == _server.Batches[0].Boot).SelectMany(batch => batch.Frames).Max(frame => frame.Time), killed.AddSeconds(-2.5), killed);
        Assert.All(_server.Batches.SelectMany(batch => batch.Frames), frame => Assert.InRange(frame.EnergyJoules!.Value / frame.Seconds, 500, 700));
        Assert.All(_server.Batches, batch => Assert.Equal(("agent/host-3", "ams"), (batch.Source, batch.Site)));
        Assert.Contains("stopped: accepted", await second.Errors(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_recording_is_sent_as_what_it_is()
    {
        using var agent = new AgentProcess(["run", "--server", _server.Address.ToString(), "--buffer", _buffer, "--source", "replay", "--gpus", "16", "--backfill", "30"]);
        await Until(() => _server.Stored >= 16 * 31);

        Assert.Equal(0, await agent.Terminate());
        Assert.All(_server.Batches.SelectMany(batch => batch.Frames), frame => Assert.Equal(Origin.Replayed, frame.Origin));
        Assert.Equal(["replay-001", "replay-002"], _server.Batches.Select(batch => batch.Host).Distinct().Order());
        Assert.Equal(0, _server.Repeats);
    }

    [Fact]
    public async Task Check_prints_the_passports_of_every_card()
    {
        using var driver = new FakeDriver("gpus 8\ngpu * set power 0 600\ngpu * set temp 0 66\n");
        using var agent = new AgentProcess(["check", "--json", "--host", "host-3"], driver.Folder, driver.ScriptPath);

        Assert.Equal(0, await agent.Exit());
        using var hosts = JsonDocument.Parse(await agent.Output());
        Assert.Equal(8, hosts.RootElement[0].GetProperty("gpus").GetArrayLength());
        var sensors = hosts.RootElement[0].GetProperty("gpus")[0].GetProperty("passport").GetProperty("sensors").EnumerateArray().ToDictionary(sensor => sensor.GetProperty("name").GetString()!);
        Assert.InRange(sensors["energy_joules"].GetProperty("tick_seconds").GetDouble(), 0.08, 0.12);
        Assert.True(sensors["temperature_celsius"].GetProperty("supported").GetBoolean());
        Assert.False(sensors["memory_temperature_celsius"].GetProperty("supported").GetBoolean());
    }

    [Fact]
    public async Task Accept_finds_the_tick_and_the_mean_of_the_scripted_card()
    {
        using var driver = new FakeDriver("gpu * set power 0 600\n");
        using var agent = new AgentProcess(["accept", "--json", "--seconds", "6", "--label", "scripted"], driver.Folder, driver.ScriptPath);

        Assert.Equal(0, await agent.Exit());
        using var report = JsonDocument.Parse(await agent.Output());
        Assert.InRange(report.RootElement.GetProperty("ticks")[0].GetProperty("median_ms").GetDouble(), 90, 110);
        Assert.InRange(report.RootElement.GetProperty("power").GetProperty("counter_watts").GetDouble(), 585, 615);
        Assert.Equal(600, report.RootElement.GetProperty("power").GetProperty("field185_watts").GetDouble(), 1);
    }

    [Fact]
    public async Task Without_a_driver_check_says_what_to_do_and_fails()
    {
        using var agent = new AgentProcess(["check"]);

        Assert.Equal(1, await agent.Exit());
        Assert.Contains("install the NVIDIA driver", await agent.Output(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--server is missing", "run")]
    [InlineData("'frobnicate' is no command", "frobnicate")]
    [InlineData("--source is 'amd'; nvml, dcgm, replay expected", "run", "--source", "amd")]
    [InlineData("--speed is '0'; a number from 0.001 to 10000 expected", "run", "--speed=0")]
    [InlineData("'--sever' is no option", "run", "--sever", "http://x")]
    [InlineData("--key needs a value", "run", "--key")]
    [InlineData("--source dcgm needs at least one --dcgm-url", "run", "--server", "http://x", "--source", "dcgm")]
    public void Wrong_usage_is_named(string fault, params string[] arguments)
    {
        var (parsed, message) = Agent.Arguments.AgentArguments.Parse(arguments, _ => null);

        Assert.Null(parsed);
        Assert.Contains(fault, message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_buffer, recursive: true);
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var i = 0; i < 1500 && !condition(); i++)
        {
            await Task.Delay(20);
        }

        Assert.True(condition());
    }

    private AgentProcess Start(FakeDriver driver) =>
        new(["run", "--server", _server.Address.ToString(), "--buffer", _buffer, "--host", "host-3", "--site", "ams"], driver.Folder, driver.ScriptPath);
}
