namespace EnergyTTT.Selection.Tests.Oracles;

/// <summary>Seeded gate logits, ordinary and adversarial.</summary>
internal static class GateSamples
{
    public const int Kinds = 10;

    public static float[] Make(Random random, int tokens, int experts, int kind)
    {
        var logits = new float[tokens * experts];
        var preference = Enumerable.Range(0, experts).Select(_ => Normal(random)).ToArray();
        for (var t = 0; t < tokens; t++)
        {
            for (var e = 0; e < experts; e++)
            {
                var z = Normal(random);
                logits[(t * experts) + e] = kind switch
                {
                    0 => z,
                    1 => 4 * z,
                    2 => 1e-3f * z,
                    3 => z + (2 * preference[e]),
                    4 => MathF.Round(2 * z) / 2,
                    5 => random.Next(8) == 0 ? float.NaN : z,
                    6 => random.Next(10) switch { 0 => float.NegativeInfinity, 1 => float.MinValue, 2 => float.NaN, _ => z },
                    7 => random.Next(40) == 0 ? float.PositiveInfinity : z,
                    8 => z * (random.Next(4) == 0 ? 1e30f : 30f),
                    _ => t % 3 == 0 ? float.NaN : 0,
                };
            }
        }

        return logits;
    }

    public static float[] Bias(Random random, int experts, float spread)
    {
        var bias = Enumerable.Range(0, experts).Select(_ => Normal(random)).ToArray();
        EnergyTTT.Selection.Biases.BiasProjection.Project(bias, spread);
        return bias;
    }

    public static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
