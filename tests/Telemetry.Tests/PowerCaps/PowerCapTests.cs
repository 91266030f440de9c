using EnergyTTT.Telemetry.Tests.Agents;
using EnergyTTT.Telemetry.Tests.FakeNvml;
using EnergyTTT.Telemetry.Tests.Uploads;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Policies;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.PowerCaps;

/// <summary>
/// The real agent and the real helper as processes of their own, with a scripted driver whose cards keep their limit like real ones. Whatever ends, ends with the card at what
/// it had before.
/// </summary>
public sealed class PowerCapTests : IDisposable
{
    private const string Script = "gpus 1\ngpu * set power 0 600\ngpu * set temp 0 66\n";
    private static readonly PowerCapOrder Enforce = new("host-3", PowerCapMode.Enforce, 0.7, 12, "", 30);

    private readonly string _folder = Directory.CreateTempSubdirectory("ettt-caps-").FullName;
    private readonly FakeServer _server = new() { PowerCap = Enforce };

    private string Prior => Path.Combine(_folder, "prior.json");

    private string Socket => Path.Combine(_folder, "caps.sock");

    [Fact]
    public async Task A_cap_is_read_back_and_given_back_when_the_policy_ends_and_when_the_agent_is_told_to_stop()
    {
        using var driver = new FakeDriver(Script);
        using var helper = Helper(driver);
        using var agent = Agent(driver);

        await Until("enforced", () => Limit(driver) == 490_000 && Told() is { State: PowerCapState.Enforced, Watts: 490, PolicyVersion: 12 });
        Assert.Contains("700", await File.ReadAllTextAsync(Prior), StringComparison.Ordinal);

        _server.PowerCap = Enforce with { Ratio = 1, PolicyVersion = 13 };
        await Until("given back by the policy", () => Limit(driver) == 700_000 && Told() is null);
        Assert.Equal("{}", await File.ReadAllTextAsync(Prior));

        _server.PowerCap = Enforce;
        await Until("enforced again", () => Limit(driver) == 490_000);
        _server.PowerCap = Enforce with { Mode = PowerCapMode.Advise };
        await Until("only advised", () => Limit(driver) == 700_000 && Told()?.State == PowerCapState.Advised);

        _server.PowerCap = Enforce;
        await Until("enforced once more", () => Limit(driver) == 490_000);
        Assert.Equal(0, await agent.Terminate());
        Assert.Equal(700_000, Limit(driver));
    }

    [Fact]
    public async Task An_agent_that_is_killed_and_a_helper_that_is_killed_leave_no_cap_behind()
    {
        using var driver = new FakeDriver(Script);
        using (var helper = Helper(driver))
        {
            using (var agent = Agent(driver))
            {
                await Until("enforced", () => Limit(driver) == 490_000);
                await agent.Kill();
            }

            await Until("given back by the watchdog", () => Limit(driver) == 700_000);
            using var second = Agent(driver);
            await Until("enforced for the next agent", () => Limit(driver) == 490_000);
            await second.Kill();
            await helper.Kill();
        }

        Assert.Equal(490_000, Limit(driver));
        using var next = Helper(driver);
        await Until("given back by the next helper", () => Limit(driver) == 700_000);
        Assert.Equal(0, await next.Terminate());
    }

    [Fact]
    public async Task A_helper_that_is_told_to_stop_gives_back_and_a_server_that_says_nothing_any_more_ends_the_order()
    {
        using var driver = new FakeDriver(Script);
        _server.PowerCap = Enforce with { ValidSeconds = 3 };
        using var agent = Agent(driver);
        using (var helper = Helper(driver))
        {
            await Until("enforced", () => Limit(driver) == 490_000);
            Assert.Equal(0, await helper.Terminate());
            Assert.Equal(700_000, Limit(driver));
        }

        await Until("the missing helper is told", () => Told() is { State: PowerCapState.Refused, Reason: { } reason } && reason.Contains("cap-helper", StringComparison.Ordinal));
        using var next = Helper(driver);
        await Until("enforced by the next helper", () => Limit(driver) == 490_000);
        _server.PowerCap = null;
        await Until("the order has ended", () => Limit(driver) == 700_000);
    }

    [Fact]
    public async Task A_card_that_refuses_and_a_limit_that_somebody_else_has_set_are_told_and_left_alone()
    {
        using var driver = new FakeDriver(Script + "gpu 0 fail 0 - setlimit 4\n");
        using (var helper = Helper(driver))
        using (var agent = Agent(driver))
        {
            await Until("refused", () => Told() is { State: PowerCapState.Refused, Reason: { } reason } && reason.Contains("no permission", StringComparison.Ordinal));
            Assert.Equal(700_000, Limit(driver));
            Assert.False(File.Exists(Prior) && (await File.ReadAllTextAsync(Prior)).Contains("GPU", StringComparison.Ordinal));
        }

        using var willing = new FakeDriver(Script);
        using var keeper = Helper(willing);
        using (var agent = Agent(willing))
        {
            await Until("enforced", () => Limit(willing) == 490_000);
            await File.WriteAllTextAsync(willing.ScriptPath + ".limit.0", "300000");
            await agent.Kill();
        }

        await Until("the watchdog has looked", () => Task.FromResult(File.ReadAllText(Prior) == "{}"));
        Assert.Equal(300_000, Limit(willing));
    }

    [Fact]
    public async Task A_card_whose_greatest_limit_is_not_known_says_so_instead_of_nothing()
    {
        using var driver = new FakeDriver(Script + "gpu 0 fail 0 - limit 3\n");
        using var helper = Helper(driver);
        using var agent = Agent(driver);

        await Until("refused", () => Told() is { State: PowerCapState.Refused, Watts: null, PolicyVersion: 12, Reason: { } reason } && reason.Contains("does not say its greatest power limit", StringComparison.Ordinal));
        Assert.Equal(700_000, Limit(driver));
    }

    [Fact]
    public async Task Advising_writes_nothing_and_off_does_not_even_ask()
    {
        using var driver = new FakeDriver(Script);
        using (var helper = Helper(driver))
        using (var agent = Agent(driver, "advise"))
        {
            await Until("advised", () => Told() is { State: PowerCapState.Advised, Watts: 490, Reason: { } reason } && reason.Contains("--power-caps advise", StringComparison.Ordinal));
            Assert.Equal(700_000, Limit(driver));
        }

        using var off = Agent(driver, "off");
        var before = _server.Batches.Count;
        await Until("frames come", () => _server.Batches.Count > before + 2);
        Assert.All(_server.Batches.Skip(before + 1).SelectMany(batch => batch.Gpus ?? []), gpu => Assert.Null(gpu.PowerCap));
    }

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static int Limit(FakeDriver driver) => File.Exists(driver.ScriptPath + ".limit.0") && int.TryParse(File.ReadAllText(driver.ScriptPath + ".limit.0"), out var milliwatts) ? milliwatts : 700_000;

    private Task Until(string what, Func<bool> holds) => Until(what, () => Task.FromResult(holds()));

    private async Task Until(string what, Func<Task<bool>> holds)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(45), $"not within 45 s: {what}; told was {Told()}");
            await Task.Delay(100);
        }
    }

    /// <summary>What the agent told last of the card's cap.</summary>
    private PowerCapState? Told() => _server.Batches.SelectMany(batch => batch.Gpus ?? []).LastOrDefault()?.PowerCap;

    private AgentProcess Helper(FakeDriver driver) => new(["cap-helper", "--cap-socket", Socket, "--cap-state", Prior, "--cap-lease", "4"], driver.Folder, driver.ScriptPath);

    private AgentProcess Agent(FakeDriver driver, string caps = "enforce") => new(
        ["run", "--server", _server.Address.ToString(), "--buffer", Path.Combine(_folder, Guid.NewGuid().ToString("N")), "--host", "host-3", "--power-caps", caps, "--cap-socket", Socket], driver.Folder, driver.ScriptPath);
}
