using EnergyTTT.Client.Epochs;
using EnergyTTT.Contracts.Backtests;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Simulation.Fleets;
using EnergyTTT.Simulation.Gates;
using EnergyTTT.Simulation.Placements;
using EnergyTTT.Simulation.Steering;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;
using Orleans.Concurrency;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.Grains.Tests.Rollouts;

/// <summary>A simulated fleet that the real grains steer, on a clock that runs eight times as fast.</summary>
public sealed class GuardTests(ITestOutputHelper output)
{
    private const double Speed = 8;

    [Fact]
    public async Task Policies_that_raise_latency_lower_retained_mass_or_raise_joules_per_token_are_each_rolled_back_within_60_simulated_seconds()
    {
        var clock = new FastClock(Speed);
        await using var cluster = await RolloutCluster.Start(1, clock, options => options.Shadow = TimeSpan.FromSeconds(1));
        var steering = new GrainSteering(cluster, clock);
        var fleet = new SimulatedFleet(new SimulatedFleetOptions { Sites = 1, RacksPerSite = 1, GpusPerHost = 4, Deployments = 4, Start = clock.GetUtcNow(), ChunkSeconds = 1 }, steering, steering);
        var names = fleet.Deployments.Keys.Order(StringComparer.Ordinal).ToArray();
        foreach (var (name, description) in fleet.Deployments)
        {
            Assert.Empty((await cluster.Deployment(name).Describe(description)).Problems);
        }

        await cluster.Save("fleet", new() { Mode = SteeringMode.Enforce, Promotion = PromotionEvidence.Immediate, HoldOutShare = 0, RetainedMassMin = 0.95 });
        await fleet.WarmUpAsync();
        using var stop = new CancellationTokenSource();
        var living = Task.Run(() => Live(fleet, cluster, steering, clock, stop.Token));
        await RolloutCluster.Until(() => Task.FromResult(names.All(name => steering.Current(name) is { Number: > 0 })), "steering", 40);
        await Task.Delay(TimeSpan.FromSeconds(45), clock); // what was before

        // What the record foretells of the second policy, before it is tried.
        var backtest = cluster.Grains.GetGrain<IBacktestGrain>(IBacktestGrain.KeyOf("deployment/" + names[1]));
        var foretold = await backtest.Run(new(new() { RetainedMassMin = 0.7 }));
        var asked = TimeProvider.System.GetTimestamp();
        var unchanged = await backtest.Run(new(new()));
        Assert.True(TimeProvider.System.GetElapsedTime(asked) < TimeSpan.FromSeconds(1), "a what-if must follow its draft within a second");
        Assert.Equal((unchanged.Current, 0), (unchanged.Draft, unchanged.RoutersAffected));
        Assert.Equal((RecordedGates.E64.Layers, 1), (foretold.RoutersAffected, foretold.GpusAffected));
        Assert.True(foretold.Draft!.RetainedMass < foretold.Current!.RetainedMass && foretold.Draft.JoulesPerToken < foretold.Current.JoulesPerToken, $"{foretold.Current} {foretold.Draft}");

        var off = new RolloutGuards { LatencyP95RiseMax = null, RetainedMassFallMax = null, JoulesPerTokenRiseMax = null, ErrorShareMax = null, TelemetryLossMax = null, BaselineSeconds = 40 };
        var started = clock.GetUtcNow();
        var slow = await Try(0, new() { Strategy = "Baseline" }, off with { LatencyP95RiseMax = 0.02 });
        var poor = await Try(1, new() { RetainedMassMin = 0.7 }, off with { RetainedMassFallMax = 0.01, JoulesPerTokenRiseMax = 5 });
        var dear = await Try(2, new() { Strategy = "StatisticalLoadBalancing" }, off with { JoulesPerTokenRiseMax = 0.03 });
        var good = await Try(3, new() { RetainedMassMin = 0.947 }, new() { BaselineSeconds = 40 });

        await RolloutCluster.Until(async () => (await Task.WhenAll(new[] { slow, poor, dear }.Select(one => cluster.Rollout(one.Id).Progress()))).All(one => one!.Rollout.State == RolloutState.RolledBack), "three rollbacks", 25);
        foreach (var (rollout, guard) in new[] { (slow, "latency_p95"), (poor, "retained_mass"), (dear, "joules_per_token") })
        {
            var ended = (await cluster.Rollout(rollout.Id).Progress())!.Rollout;
            output.WriteLine($"{guard}: rolled back after {(ended.ChangedAt - ended.StartedAt).TotalSeconds:0} simulated seconds: {ended.Cause}");
            if (guard == "retained_mass")
            {
                output.WriteLine($"  the backtest had foretold a mass of {foretold.Draft.RetainedMass:0.000} from {foretold.Current.RetainedMass:0.000} and {foretold.Draft.JoulesPerToken:0.000} from {foretold.Current.JoulesPerToken:0.000} J/token; seen {(await cluster.Rollout(rollout.Id).Progress())!.Guards.Single(one => one.Guard == "joules_per_token").Sentence}");
            }

            Assert.Equal("guards", ended.ChangedBy);
            Assert.StartsWith(guard + " of ", ended.Cause, StringComparison.Ordinal);
            Assert.InRange((ended.ChangedAt - ended.StartedAt).TotalSeconds, 0, 60);
        }

        // What breaks nothing goes on.
        var going = (await cluster.Rollout(good.Id).Progress())!;
        output.WriteLine(string.Join("\n", going.Guards.Select(reading => $"{reading.Guard}: {reading.Sentence}")));
        Assert.Equal(RolloutState.Running, going.Rollout.State);
        Assert.Contains(going.Guards, reading => reading is { Guard: "latency_p95", State: GuardState.Holds });
        Assert.True(clock.GetUtcNow() > started);
        await stop.CancelAsync();
        await living;

        async Task<Rollout> Try(int deployment, PolicyDocument document, RolloutGuards guards) => await cluster.Roll("deployment/" + names[deployment], new() { Document = document, Reason = "a test of guards", Share = 1, Guards = guards });
    }

    private static async Task Live(SimulatedFleet fleet, RolloutCluster cluster, GrainSteering steering, TimeProvider clock, CancellationToken stop)
    {
        var due = clock.GetUtcNow();
        while (!stop.IsCancellationRequested)
        {
            var step = await fleet.StepAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
            await Task.WhenAll(step.Feedback.Select(async one => steering.Take(one.Deployment, (await cluster.Deployment(one.Deployment).Report(one.Feedback.AsImmutable())).Epoch)));
            due += TimeSpan.FromSeconds(1);
            if (due - clock.GetUtcNow() is { Ticks: > 0 } ahead)
            {
                await Task.Delay(ahead, clock, CancellationToken.None);
            }
        }
    }

    private sealed class GrainSteering(RolloutCluster cluster, TimeProvider clock) : IEpochSource, IRequestPlacement
    {
        private readonly System.Collections.Concurrent.ConcurrentDictionary<string, EpochBoard> _boards = new(StringComparer.Ordinal);

        public EpochInForce Current(string deployment) => Board(deployment).Current;

        public void Take(string deployment, SteeringEpoch? epoch)
        {
            if (epoch is not null)
            {
                Board(deployment).Pin(epoch, clock.GetUtcNow());
            }
        }

        public async ValueTask<string?> PlaceAsync(string deployment, PlacementQuestion question, IReadOnlyList<ReplicaLoad> replicas, CancellationToken cancellationToken) =>
            (await cluster.Grains.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(deployment)).Place(question.AsImmutable(), cancellationToken))?.Value.Replica;

        private EpochBoard Board(string deployment) =>
            _boards.GetOrAdd(deployment, _ => new EpochBoard(new SelectorShape(RecordedGates.E64.Experts, RecordedGates.E64.TopK), RecordedGates.E64.Layers, TimeSpan.FromMinutes(5), clock));
    }
}
