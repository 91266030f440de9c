using System.Collections.Immutable;
using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Evidence.Tests.Blocks;

/// <summary>Blocks of made-up runs: 60 s, 60,000 tokens, about 0.02 J per token.</summary>
internal static class Runs
{
    public static Block Block(int position, string arm, double joulesPerToken = 0.02, Origin origin = Origin.Measured) => new()
    {
        Arm = arm,
        Position = position,
        Seconds = 60,
        Joules = joulesPerToken * 60_000,
        Tokens = 60_000,
        Origin = origin,
        Gpus = ["GPU-a"],
        PowerLimitWatts = 700,
        Phase = "decode",
        BatchTokens = 64,
    };

    /// <summary>A B B A ...: the treated arm takes <paramref name="effect"/> times the energy, each block is off by its own normal error of <paramref name="noise"/>, and a slow drift runs through it all.</summary>
    public static ImmutableArray<Block> Interleaved(Random random, int pairs, double effect, double noise, double drift = 0.002, Origin origin = Origin.Measured) =>
    [
        .. Enumerable.Range(0, 2 * pairs).Select(i =>
        {
            var treated = i % 4 is 1 or 2;
            return Block(i, treated ? "treated" : "control", 0.02 * (treated ? effect : 1) * Math.Exp(noise * random.Normal() + drift * i), origin);
        }),
    ];
}
