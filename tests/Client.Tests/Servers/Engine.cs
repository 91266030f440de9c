using EnergyTTT.Client.Steering;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Deployments;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace EnergyTTT.Client.Tests.Servers;

/// <summary>A small engine: two layers of eight experts, two a token, seeded logits.</summary>
public static class Engine
{
    public const int Layers = 2, Experts = 8, TopK = 2, Batch = 16;

    public static SelectorShape Shape { get; } = new(Experts, TopK);

    public static float[] Logits(int seed)
    {
        var random = new Random(seed);
        var logits = new float[Batch * Experts];
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] = (float)((random.NextDouble() * 4) - 2);
        }

        return logits;
    }

    public static FleetSteeringOptions Options(FakeServer server, TimeProvider? clock = null) =>
        new(server.Address, "ettt_test", "qwen", "a", Shape, Layers)
        {
            Clock = clock ?? TimeProvider.System,
            ChunkDuration = TimeSpan.FromMilliseconds(50),
            ChunkTokens = 64,
            PollWait = TimeSpan.FromSeconds(1),
            CallTimeout = TimeSpan.FromSeconds(5),
            SampledRows = Batch,
        };

    public static SteeringEpoch Epoch(long number, DateTimeOffset expires, SteeringArm arm = SteeringArm.Treated, Wire.Deployments.BiasSpace space = Wire.Deployments.BiasSpace.Logit, float push = 2, string step = "none") => new()
    {
        Epoch = number,
        Arm = arm,
        PolicyVersion = 3,
        BiasSpace = space,
        ExpiresAt = expires,
        Layers = [.. Enumerable.Range(0, Layers).Select(layer => new LayerSteering
        {
            Layer = layer,
            Strategy = "EnergyAwareTTT",
            Bias = [push, -push, 0, 0, 0, 0, 0, 0],
            Spread = 2 * push,
            GuardBound = 0.5,
            BatchAware = step,
        })],
    };

    /// <summary>One step of the engine: all layers; returns what the last layer chose.</summary>
    public static int[] Step(FleetSteering steering, float[] logits)
    {
        var experts = new int[Batch * TopK];
        var weights = new float[Batch * TopK];
        for (var layer = 0; layer < Layers; layer++)
        {
            steering.Layer(layer).Select(logits, Batch, experts, weights);
        }

        return experts;
    }

    /// <summary>What plain top-k chooses.</summary>
    public static int[] Plain(float[] logits)
    {
        var experts = new int[Batch * TopK];
        new Selection.Selectors.Selector(Shape).Select(logits, Batch, Selection.Epochs.SelectionEpoch.Baseline(Shape), experts, new float[Batch * TopK]);

        return experts;
    }

    /// <summary>Waits in real time for something to become true.</summary>
    public static async Task Until(Func<bool> happened, string what, Action? meanwhile = null)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!happened())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{what} did not happen within 20 s");
            meanwhile?.Invoke();
            await Task.Delay(5);
        }
    }

    /// <summary>Lets a fake clock run, some real time along with it, until something becomes true.</summary>
    public static Task Until(FakeTimeProvider clock, Func<bool> happened, string what, double stepSeconds = 0.05) =>
        Until(happened, what, () => clock.Advance(TimeSpan.FromSeconds(stepSeconds)));
}
