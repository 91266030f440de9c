using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Tests.Losses;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Tests.Learning;

/// <summary>Windows of a synthetic engine: random gates, plain or steered top-k, telemetry that is fresh.</summary>
internal static class Windows
{
    public const int Experts = 16, TopK = 4;

    public static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    /// <summary>An engine that can only take a bias, so that the bias carries everything. Exact prices: no sampling noise is to switch them off.</summary>
    public static LearningOptions Options(double[]? factors = null) => new()
    {
        Shape = new SelectorShape(Experts, TopK),
        Costs = Uniform().Scaled(factors ?? [.. Enumerable.Repeat(1.0, Experts)]),
        HiddenUnits = 16,
        BatchAware = false,
    };

    /// <summary>Costs per slot only, so that the marginal cost does not depend on how often an expert is picked.</summary>
    public static ExpertCosts Uniform(int experts = Experts)
    {
        double[] Each(double value) => [.. Enumerable.Repeat(value, experts)];
        return new(Each(0), Each(1e-3), Each(0), Each(1e-3), "test");
    }

    public static double[] Factors(int seed, int experts = Experts) => [.. Gates.Numbers(experts, seed).Select(v => Math.Exp(0.5 * v))];

    public static LearningWindow Window(int index, ReadOnlySpan<float> bias = default, int tokens = 256, int experts = Experts, int topK = TopK, double scale = 1, double[]? tilt = null)
    {
        var logits = Gates.Logits(tokens, experts, 7_000 + index, scale);
        var counts = new long[experts];
        for (var token = 0; token < tokens; token++)
        {
            var row = logits.AsSpan(token * experts, experts);
            for (var e = 0; e < experts && tilt is not null; e++)
                row[e] += (float)tilt[e];
            var steered = row.ToArray();
            for (var e = 0; e < bias.Length; e++)
                steered[e] += bias[e];
            foreach (var e in Enumerable.Range(0, experts).OrderByDescending(e => steered[e]).Take(topK))
                counts[e]++;
        }

        var time = Start.AddSeconds(index);
        return new() { Time = time, Tokens = tokens, BatchTokens = 64, ExpertCounts = counts, GateLogits = logits, Devices = [Device(time)] };
    }

    public static DeviceReading Device(DateTimeOffset time, double celsius = 55, Origin origin = Origin.Measured, double? forecast = null, double speed = 1) =>
        new(new GpuStatistics { Time = time, Origin = origin, TemperatureCelsius = celsius, PowerWatts = 300, PowerLimitWatts = 700 }, forecast, 1, speed);
}
