using System.Diagnostics;
using EnergyTTT.Client.Http;
using EnergyTTT.Simulation.Fleets;
using EnergyTTT.Simulation.Servers;
using EnergyTTT.Simulation.Steering;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Simulation.Tests.Servers;

public sealed class ServedFleetTests
{
    [Fact]
    public async Task A_served_fleet_is_described_measured_steered_and_placed_over_http_and_says_that_it_is_simulated()
    {
        using var server = new PretendServer();
        await using var fleet = new ServedFleet(Options(server) with { OperatorKey = "operator", ClockSpeed = 4 });

        await Live(fleet, () => !server.Receipts.IsEmpty && server.Feedback.Any(chunk => chunk.Epoch == 7) && server.Placements > 20 && fleet.Status.SimulatedSeconds >= 12);

        Assert.Equal(["sim-moe-1", "sim-moe-2"], server.Deployments.Keys.Order());
        Assert.All(server.Deployments.Values, deployment => Assert.Equal((true, "4"), (deployment.IsSimulated, deployment.Tags!["clock_speed"])));
        Assert.All(server.Policies, put => Assert.Equal(("\"0\"", SteeringMode.Enforce, PromotionEvidence.Immediate, 0.3), (put.IfMatch, put.Change.Document.Mode!.Value, put.Change.Document.Promotion!.Value, put.Change.Document.HoldOutShare!.Value)));
        Assert.Equal(["/v1/policies/deployment/sim-moe-1", "/v1/policies/deployment/sim-moe-2"], server.Policies.Select(put => put.Path));
        Assert.Equal(("agent", "engine", "operator"), (server.Keys["telemetry"], server.Keys["deployments"], server.Keys["policies"]));
        Assert.All(server.Receipts, receipt => Assert.Equal((7, 1, FixedSteering.Consolidation("marginal", 0.95).Current("").BiasSha256), (receipt.Epoch, receipt.RanksApplied, receipt.BiasSha256)));
        Assert.Contains(server.Feedback, chunk => chunk.Epoch == 7 && chunk.Layers.All(layer => layer.RetainedMassP01 >= 0.95));
        Assert.True(fleet.Status.Placed > 20);
        Assert.Equal(0, fleet.Status.Refused);
    }

    [Fact]
    public async Task Telemetry_is_one_whole_second_per_second_with_a_past_of_its_own()
    {
        using var server = new PretendServer();
        await using var fleet = new ServedFleet(Options(server));

        await Live(fleet, () => server.Telemetry.Count >= 4 * 3);

        var now = TimeProvider.System.GetUtcNow();
        var frames = server.Telemetry.SelectMany(batch => batch.Frames).ToList();
        Assert.All(server.Telemetry, batch => Assert.StartsWith("sim-", batch.Host, StringComparison.Ordinal));
        Assert.All(frames, frame => Assert.Equal((Origin.Simulated, 1.0), (frame.Origin, frame.Seconds)));
        Assert.Equal(frames.Count, frames.Select(frame => (frame.Gpu, frame.Sequence)).Distinct().Count());
        Assert.All(frames, frame => Assert.InRange(frame.Time, now.AddSeconds(-20), now));
        Assert.All(server.Telemetry.GroupBy(batch => batch.Host), host => Assert.Equal(5 * 4, host.First().Frames.Count));
        Assert.All(server.Telemetry.GroupBy(batch => batch.Host), host => Assert.Contains(host, batch => batch.Gpus is { Count: 4 }));
    }

    [Fact]
    public async Task A_server_that_goes_away_leaves_the_fleet_unsteered_and_balanced_by_itself_until_it_is_back()
    {
        using var server = new PretendServer();
        await using var fleet = new ServedFleet(Options(server) with { ClockSpeed = 4 });
        using var stop = new CancellationTokenSource();
        var running = fleet.Run(stop.Token);
        await Until(() => fleet.Status.Epochs.Values.All(epoch => epoch == 7) && fleet.Status.Placed > 0, running);

        server.Away = true;
        // The epochs live for 2 s by the monotonic clock.
        await Until(() => fleet.Status.Epochs.Values.All(epoch => epoch == 0) && fleet.Status.Fallbacks > 0, running);
        var seconds = fleet.Status.SimulatedSeconds;
        await Until(() => fleet.Status.SimulatedSeconds > seconds + 4, running);
        server.Away = false;
        server.Arm = SteeringArm.HeldOut;
        await Until(() => fleet.Status.Epochs.Values.All(epoch => epoch == 7) && server.Feedback.Any(chunk => chunk.Arm == SteeringArm.HeldOut), running);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Contains(server.Feedback, chunk => chunk.Epoch == 0);
        Assert.All(server.Feedback.Where(chunk => chunk.Arm == SteeringArm.HeldOut).SelectMany(chunk => chunk.Layers), layer => Assert.Equal(1, layer.RetainedMassMean!.Value, 9));
    }

    [Fact]
    public async Task A_server_that_is_away_at_the_start_is_said_so()
    {
        using var server = new PretendServer { Away = true };
        await using var fleet = new ServedFleet(Options(server));

        await Assert.ThrowsAsync<HttpRequestException>(() => fleet.Run(CancellationToken.None));
    }

    [Fact]
    public void Everything_that_is_wrong_with_the_options_is_named()
    {
        var wrong = new ServedFleetOptions(new Uri("ftp://server"), "", "engine") { ClockSpeed = 0, Backfill = TimeSpan.FromHours(1), HoldOutShare = 1 };

        var error = Assert.Throws<ArgumentException>(wrong.Validate);

        Assert.All(["ftp://server", "a key is empty", "ClockSpeed is 0", "Backfill is 01:00:00", "HoldOutShare is 1"], text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_refusal_that_will_not_pass_is_told_from_one_that_may()
    {
        Assert.False(new SteeringRefusedException(System.Net.HttpStatusCode.UnprocessableEntity, "unknown_epoch", "").MayPass);
        Assert.True(new SteeringRefusedException(System.Net.HttpStatusCode.TooManyRequests, "busy", "").MayPass);
    }

    private static ServedFleetOptions Options(PretendServer server) => new(new Uri("http://pretend"), "agent", "engine")
    {
        Fleet = new SimulatedFleetOptions { ChunkSeconds = 2 },
        WarmUp = TimeSpan.FromSeconds(10),
        Backfill = TimeSpan.FromSeconds(5),
        Handler = server,
    };

    private static async Task Live(ServedFleet fleet, Func<bool> happened)
    {
        using var stop = new CancellationTokenSource();
        var running = fleet.Run(stop.Token);
        await Until(happened, running);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static async Task Until(Func<bool> happened, Task running)
    {
        var watch = Stopwatch.StartNew();
        while (!happened())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "it did not happen within 30 s");
            Assert.False(running.IsFaulted, running.Exception?.ToString());
            await Task.Delay(20);
        }
    }
}
