using System.Text.Json;
using EnergyTTT.Client.Epochs;
using EnergyTTT.Simulation.Costs;
using EnergyTTT.Simulation.Fleets;
using EnergyTTT.Simulation.Placements;
using EnergyTTT.Simulation.Steering;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Simulation.Tests.Fleets;

public sealed class SimulatedFleetTests
{
    [Fact]
    public async Task The_same_seeds_say_the_same_to_the_last_digit()
    {
        Assert.Equal(await Said(new()), await Said(new()));
        Assert.NotEqual(await Said(new()), await Said(new() { LoadSeed = 2 }));
    }

    [Fact]
    public async Task Every_gpu_says_a_frame_a_second_with_its_place_and_origin()
    {
        var fleet = new SimulatedFleet(new(), new RoundRobinPlacement(), FixedSteering.Baseline);
        await fleet.WarmUpAsync();

        var first = await fleet.StepAsync(TimeSpan.FromSeconds(1));
        var second = await fleet.StepAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(4, first.Telemetry.Count);
        Assert.Equal(16, first.Telemetry.Sum(batch => batch.Frames.Count));
        Assert.All(first.Telemetry, batch => Assert.Equal(batch.Frames.Select(frame => frame.Gpu), batch.Gpus!.Select(gpu => gpu.Gpu)));
        Assert.All(second.Telemetry, batch => Assert.Null(batch.Gpus));
        Assert.All(second.Telemetry.SelectMany(batch => batch.Frames), frame =>
        {
            Assert.Equal(Origin.Simulated, frame.Origin);
            Assert.Equal(1, frame.Sequence);
            Assert.InRange(frame.PowerAverageWatts!.Value, 132, 700);
            Assert.True(frame.Tokens > 0);
        });
        Assert.Equal(["sim-s1-r01", "sim-s1-r02", "sim-s2-r01", "sim-s2-r02"], first.Telemetry.Select(batch => batch.Rack));
    }

    [Fact]
    public async Task Feedback_adds_up_and_is_what_the_wire_takes()
    {
        var fleet = new SimulatedFleet(new(), new RoundRobinPlacement(), FixedSteering.Consolidation("consolidate", 0.9));
        await fleet.WarmUpAsync();
        var feedback = new List<DeploymentFeedback>();
        var joules = 0.0;
        for (var second = 0; second < 6; second++)
        {
            var step = await fleet.StepAsync(TimeSpan.FromSeconds(1));
            feedback.AddRange(step.Feedback);
            joules += step.Telemetry.SelectMany(batch => batch.Frames).Sum(frame => frame.EnergyJoules!.Value);
        }

        Assert.Equal(16 * 3, feedback.Count);
        Assert.Equal(joules, feedback.Sum(each => each.Feedback.EnergyJoules!.Value), 6);
        Assert.All(feedback, each =>
        {
            var chunk = JsonSerializer.Deserialize(JsonSerializer.Serialize(each.Feedback, WireJson.Default.ChunkFeedback), WireJson.Default.ChunkFeedback)!;
            Assert.Equal((1, SteeringArm.Treated), (chunk.Epoch, chunk.Arm));
            Assert.Equal(1, Math.Sqrt(chunk.Signature!.Sum(value => (double)value * value)), 4);
            Assert.All(chunk.Layers, layer =>
            {
                Assert.Equal(chunk.Tokens * 8, layer.ExpertCounts.Sum());
                Assert.Equal(1, layer.MeanGateProbability.Sum(), 3);
                Assert.InRange(layer.RetainedMassP01!.Value, 0.9, layer.RetainedMassMean!.Value);
                Assert.InRange(layer.DistinctExpertsMean!.Value, 8, 64);
                Assert.InRange(Convert.FromBase64String(layer.GateSample!).Length, 128, 16 * 64 * 2);
            });
        });
        Assert.All(feedback.GroupBy(each => (each.Deployment, each.Feedback.Replica)), chunks => Assert.Equal(3, chunks.Select(each => each.Feedback.Chunk).Distinct().Count()));
    }

    [Fact]
    public async Task A_replica_that_is_slowed_for_heat_reports_no_more_slots_than_its_tokens_have()
    {
        var fleet = new SimulatedFleet(new() { HotRecirculation = 0.03 }, new RoundRobinPlacement(), FixedSteering.Baseline);
        await fleet.WarmUpAsync();
        var feedback = new List<ChunkFeedback>();
        for (var second = 0; second < 120; second++)
        {
            feedback.AddRange((await fleet.StepAsync(TimeSpan.FromSeconds(1))).Feedback.Select(each => each.Feedback));
        }

        Assert.True(fleet.Hosts.SelectMany(host => host.Engines).Sum(engine => engine.Gpu.ThermalThrottleSeconds) > 60);
        Assert.All(feedback, chunk => Assert.All(chunk.Layers, layer => Assert.InRange(layer.ExpertCounts.Sum(), chunk.Tokens * 7, chunk.Tokens * 8)));
    }

    [Fact]
    public async Task A_held_out_block_runs_plain_top_k_and_says_so_in_chunks_of_its_own()
    {
        var switching = new Switching();
        var fleet = new SimulatedFleet(new() { ChunkSeconds = 10 }, new RoundRobinPlacement(), switching);
        await fleet.WarmUpAsync();
        await fleet.StepAsync(TimeSpan.FromSeconds(1));

        switching.Arm = SteeringArm.HeldOut;
        var closed = (await fleet.StepAsync(TimeSpan.FromSeconds(1))).Feedback;
        switching.Arm = SteeringArm.Treated;
        var heldOut = (await fleet.StepAsync(TimeSpan.FromSeconds(1))).Feedback;

        Assert.Equal(16, closed.Count);
        Assert.All(closed, each => Assert.Equal(SteeringArm.Treated, each.Feedback.Arm));
        Assert.All(heldOut, each => Assert.Equal(SteeringArm.HeldOut, each.Feedback.Arm));
        Assert.All(heldOut.SelectMany(each => each.Feedback.Layers), layer => Assert.Equal(1, layer.RetainedMassMean!.Value, 9));
        Assert.True(heldOut.Average(each => each.Feedback.Layers[0].DistinctExpertsMean) > closed.Average(each => each.Feedback.Layers[0].DistinctExpertsMean) + 8);
    }

    [Fact]
    public async Task Engines_that_take_a_bias_only_leave_the_guard_and_the_step_over_the_batch_alone()
    {
        var fleet = new SimulatedFleet(new() { BiasOnlyDeployments = 1, ChunkSeconds = 1 }, new RoundRobinPlacement(), FixedSteering.Consolidation("marginal", 0.95));
        await fleet.WarmUpAsync();

        var mass = (await fleet.StepAsync(TimeSpan.FromSeconds(1))).Feedback.ToLookup(each => each.Deployment, each => each.Feedback.Layers[0].RetainedMassMean!.Value);

        Assert.Equal((EngineSelector.Full, EngineSelector.BiasOnly), (fleet.Deployments["sim-moe-1"].Selector, fleet.Deployments["sim-moe-2"].Selector));
        Assert.All(mass["sim-moe-1"], kept => Assert.InRange(kept, 0.95, 0.999));
        Assert.All(mass["sim-moe-2"], kept => Assert.Equal(1, kept, 9));
    }

    [Fact]
    public async Task Without_an_answer_requests_are_balanced_by_the_fleet_itself()
    {
        var fleet = new SimulatedFleet(new(), new Silent(), FixedSteering.Baseline);

        await fleet.WarmUpAsync();

        Assert.All(fleet.Hosts.SelectMany(host => host.Engines), engine => Assert.Equal(16, engine.Active));
    }

    [Fact]
    public void Deployments_are_described_as_a_server_takes_them()
    {
        var fleet = new SimulatedFleet(new() { Deployments = 4, HostsPerRack = 2, GpusPerHost = 8 }, new Silent(), FixedSteering.Baseline);

        Assert.Equal(["sim-moe-1", "sim-moe-2", "sim-moe-3", "sim-moe-4"], fleet.Deployments.Keys.Order());
        Assert.All(fleet.Deployments.Values, deployment => Assert.Equal(16, deployment.Replicas.Count));
        Assert.All(fleet.Hosts, host => Assert.Equal(4, host.Engines.Select(engine => engine.Deployment).Distinct().Count()));
    }

    [Fact]
    public void True_costs_differ_from_the_table_by_at_most_the_spread_and_by_the_seed()
    {
        var costs = new ModelCosts(ModelCosts.MeasuredFit, 6, 64, 8, 0.2, 5);
        var factors = Enumerable.Range(0, 6 * 64).Select(i => costs.Factor(i / 64, i % 64)).ToList();

        Assert.All(factors, factor => Assert.InRange(factor, 0.8, 1.2));
        Assert.InRange(factors.Average(), 0.97, 1.03);
        Assert.True(factors.Max() - factors.Min() > 0.38);
        Assert.NotEqual(factors[0], new ModelCosts(ModelCosts.MeasuredFit, 6, 64, 8, 0.2, 6).Factor(0, 0));
    }

    private static async Task<string> Said(SimulatedFleetOptions options)
    {
        var fleet = new SimulatedFleet(options, new AffinityPlacement(new()), FixedSteering.Consolidation("consolidate", 0.95));
        await fleet.WarmUpAsync();
        var said = new List<string>();
        for (var second = 0; second < 5; second++)
        {
            var step = await fleet.StepAsync(TimeSpan.FromSeconds(1));
            said.AddRange(step.Telemetry.Select(batch => JsonSerializer.Serialize(batch, WireJson.Default.TelemetryBatch)));
            said.AddRange(step.Feedback.Select(each => JsonSerializer.Serialize(each.Feedback, WireJson.Default.ChunkFeedback)));
        }

        return string.Join('\n', said);
    }

    private sealed class Silent : IRequestPlacement
    {
        public ValueTask<string?> PlaceAsync(string deployment, PlacementQuestion question, IReadOnlyList<ReplicaLoad> replicas, CancellationToken cancellationToken) => ValueTask.FromResult<string?>(null);
    }

    private sealed class Switching : IEpochSource
    {

        public SteeringArm Arm { get; set; }

        public EpochInForce Current(string deployment) => new FixedSteering(FixedSteering.Epoch("consolidate", 0.9) with { Arm = Arm }).Current(deployment);
    }
}
