// An engine in C# that steers its own MoE layer: 64 experts, 8 per token, a decode batch of 16 tokens per step.
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Routers;
using EnergyTTT.Wire.Telemetry;

var costs = KernelCostModel.FromFile(Path.Combine(AppContext.BaseDirectory, "h100_moe_cost.json"));
var gpu = new LatestStatistics(); // Feed it from NVML, or from wherever your readings come.
var settings = new RouterSettings { Spread = 1, Divergence = 0.1, UpdateInterval = TimeSpan.Zero };
using var router = new EnergyAwareTttRouter(new MoeConfig(DModel: 2048, NumExperts: 64, TopK: 8), costs, gpu, settings: settings);

var random = new Random(7);
double distinct = 0, plain = 0;
const int Steps = 400, Batch = 16;
for (var step = 0; step < Steps; step++)
{
    gpu.Observe(new GpuStatistics { Time = TimeProvider.System.GetUtcNow(), Origin = Origin.Simulated, PowerWatts = 420, PowerLimitWatts = 700, TemperatureCelsius = 58 });
    var gateLogits = new float[Batch, 64];
    for (var token = 0; token < Batch; token++)
        for (var expert = 0; expert < 64; expert++)
            gateLogits[token, expert] = (float)(2 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) + (expert < 16 ? 1 : 0));

    var (experts, weights, metadata) = router.Route(gateLogits, tokens: Batch);
    distinct += metadata.Selection.DistinctExperts;
    plain += Enumerable.Range(0, Batch)
        .SelectMany(t => Enumerable.Range(0, 64).OrderByDescending(e => gateLogits[t, e]).Take(8)).Distinct().Count();
}

var statistics = router.GetStatistics();
Console.WriteLine($"SIMULATED gates. {statistics.Strategy}: {distinct / Steps:0.0} distinct experts a step, plain top-k {plain / Steps:0.0}");
Console.WriteLine($"tokens {statistics.TokensSeen}, TTT updates {statistics.TttUpdateCount} (simulated telemetry never trains), lambda {statistics.Lambda:0.000}, spread {statistics.Spread:0.00}");
Console.WriteLine($"average energy savings: {(statistics.AverageEnergySavingsWatts is { } watts ? $"{watts:0.00} W" : "unknown, nothing was measured")}");
