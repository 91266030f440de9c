using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Routers;
using EnergyTTT.Routing.Tests.Losses;
using EnergyTTT.Routing.Thermal;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Tests.Routers;

/// <summary>The usage of the description that this project grew from, translated line by line.</summary>
public sealed class OriginalUsageTests
{
    [Fact]
    public void Basic_usage_and_advanced_configuration_run_as_written()
    {
        // Create configuration
        var moeConfig = new MoeConfig(
            DModel: 768,
            NumExperts: 8,
            TopK: 2,
            ExpertType: "simple");

        // Initialize components
        var kernelCostModel = KernelCostModel.FromFile(Path.Combine(AppContext.BaseDirectory, "data", "h100_moe_cost.json"));
        var gpuMonitor = new LatestStatistics();
        gpuMonitor.Observe(new GpuStatistics { Time = TimeProvider.System.GetUtcNow(), Origin = Origin.Measured, PowerWatts = 245, PowerLimitWatts = 700, TemperatureCelsius = 71 });

        // Create EnergyAwareTTTRouter
        using var router = new EnergyAwareTttRouter(
            config: moeConfig,
            kernelCosts: kernelCostModel,
            telemetry: gpuMonitor,
            tttChunkSize: 2048,
            tttUpdateFrequency: 512,
            energyAwareLearningRate: 1e-4,
            muonEnabled: true);

        // Forward pass with TTT feedback
        GateLogits gateLogits = RandomLogits(32, 512, 8); // [batch, seq, num_experts]
        var context = new RoutingContext
        {
            Gradients = [Gates.Logits(32, 768, 1)],
            Activations = [Gates.Logits(32, 768, 2)],
            Loss = 2.0,
        };

        var (expertIndices, routingWeights, metadata) = router.Route(gateLogits, tokens: 32 * 512, context: context);

        // Custom objective weights
        router.ObjectiveWeights = new(
            Performance: 0.25, // Latency, throughput
            Energy: 0.35, // Power consumption (higher weight for energy focus)
            Thermal: 0.20, // Temperature
            Memory: 0.10, // Memory pressure
            LoadBalance: 0.10); // Uniform expert usage
        router.ThermalThresholds = ThermalThresholds.Default;
        router.BaseScaling = 1;

        // Update energy-aware loss
        var observedMetrics = ObservedMetrics.Of(gpuMonitor.CurrentStatistics) with { InferenceLatencyMilliseconds = 15.0 };

        var lossComponents = router.UpdateEnergyAwareLoss(
            observedMetrics,
            new(PowerWatts: 200.0, TemperatureCelsius: 65.0, LatencyMilliseconds: 10.0));

        // Get statistics
        var stats = router.GetStatistics();

        Assert.Equal(32 * 512 * 2, expertIndices.Length);
        Assert.Equal(expertIndices.Length, routingWeights.Length);
        Assert.All(expertIndices, e => Assert.InRange(e, 0, 7));
        Assert.All(routingWeights.Chunk(2), pair => Assert.Equal(1, pair.Sum(), 1e-6f));
        Assert.Equal(32 * 512, metadata.Selection.Tokens);
        Assert.True(metadata.Selection.RetainedMassMin >= 0.95 - 1e-6);
        Assert.Equal(0.35 * Math.Pow(45.0 / 200, 2) + 0.20 * Math.Pow(6.0 / 65, 2) + 0.25 * 0.25, lossComponents.TotalLoss, 1e-12);
        Assert.Equal(Math.Pow(45.0 / 200, 2), lossComponents.PowerLoss!.Value, 1e-12);
        Assert.Equal(Math.Pow(6.0 / 65, 2), lossComponents.TempLoss!.Value, 1e-12);
        Assert.Equal(0.25, lossComponents.LatencyPenalty!.Value, 1e-12);
        Assert.Null(lossComponents.MemoryPenalty);
        Assert.Equal(32 * 512, stats.TokensSeen);
        Assert.Null(stats.AverageEnergySavingsWatts);
        Assert.Equal(Origin.Measured, stats.TelemetrySource);
        Assert.Equal(16, stats.CalibrationId.Length);
    }

    private static float[,,] RandomLogits(int batch, int sequence, int experts)
    {
        var flat = Gates.Logits(batch * sequence, experts, 9);
        var logits = new float[batch, sequence, experts];
        Buffer.BlockCopy(flat, 0, logits, 0, flat.Length * sizeof(float));
        return logits;
    }
}
