using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Rows;

namespace EnergyTTT.Selection.Selectors;

/// <summary>The scores that a gate gives for cleaned logits.</summary>
internal static class GateScores
{
    /// <summary>
    /// Writes the score of each expert. Softmax scores are relative to the largest, <c>exp(z_e - max z)</c>: divided by their sum they are probabilities. Limits: masks and padding score 0; logits of +inf share all mass equally; a token of masks only scores 0 everywhere.
    /// </summary>
    /// <param name="gate">The kind of gate.</param>
    /// <param name="keys">Cleaned logits [padded].</param>
    /// <param name="largest">The largest of them.</param>
    /// <param name="scores">Receives the scores [padded].</param>
    public static void Evaluate(GateKind gate, ReadOnlySpan<float> keys, float largest, Span<float> scores)
    {
        switch (gate)
        {
            case GateKind.Softmax when largest <= Row.Masked:
                scores.Clear();
                break;
            case GateKind.Softmax when float.IsPositiveInfinity(largest):
                ShareInfinity(keys, scores);
                break;
            case GateKind.Softmax:
                RowMath.Softmax(keys, largest, scores);
                break;
            case GateKind.Sigmoid:
                RowMath.Sigmoid(keys, scores);
                break;
            default:
                for (var expert = 0; expert < keys.Length; expert++)
                {
                    scores[expert] = keys[expert] > Row.Masked ? Single(gate, keys[expert]) : 0;
                }

                break;
        }
    }

    /// <summary>What softmax scores are divided by: their sum, or 1 when all are 0; always 1 for the gates whose experts do not see each other.</summary>
    public static float Sum(GateKind gate, ReadOnlySpan<float> scores) =>
        gate == GateKind.Softmax && RowMath.Sum(scores) is var sum and > 0 ? sum : 1;

    /// <summary>The score of one logit under a gate whose experts do not see each other.</summary>
    public static float Single(GateKind gate, float logit)
    {
        var decayed = MathF.Exp(-MathF.Abs(logit));
        if (gate == GateKind.Sigmoid)
        {
            return logit >= 0 ? 1 / (1 + decayed) : decayed / (1 + decayed);
        }

        // sqrt(ln(1 + e^z)) = sqrt(max(z, 0) + ln(1 + e^-|z|)), which neither overflows nor loses small values.
        return MathF.Sqrt(MathF.Max(MathF.Min(logit, float.MaxValue), 0) + LogOnePlus(decayed));
    }

    // ln(1 + x) for x in [0, 1]: the correction undoes the rounding of 1 + x.
    private static float LogOnePlus(float x)
    {
        var sum = 1 + x;
        return sum == 1 ? x : MathF.Log(sum) * (x / (sum - 1));
    }

    private static void ShareInfinity(ReadOnlySpan<float> keys, Span<float> scores)
    {
        for (var expert = 0; expert < keys.Length; expert++)
        {
            scores[expert] = float.IsPositiveInfinity(keys[expert]) ? 1 : 0;
        }
    }
}
