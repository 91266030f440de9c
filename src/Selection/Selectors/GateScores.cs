using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Selection.Selectors;

/// <summary>The scores that a gate gives for logits.</summary>
internal static class GateScores
{
    /// <summary>
    /// Writes the score of each expert. Softmax scores are relative to the largest, <c>exp(z_e - max z)</c>; the returned sum turns them into
    /// probabilities. Limits: masks score 0; with logits of +inf these share all mass equally.
    /// </summary>
    /// <returns>The sum of the scores for a softmax gate, 1 for the others.</returns>
    public static float Evaluate(GateKind gate, ReadOnlySpan<float> logits, Span<float> scores)
    {
        if (gate != GateKind.Softmax)
        {
            for (var expert = 0; expert < logits.Length; expert++)
            {
                scores[expert] = IsMask(logits[expert]) ? 0 : Single(gate, logits[expert]);
            }

            return 1;
        }

        var largest = TopK.Masked;
        foreach (var logit in logits)
        {
            largest = logit > largest ? logit : largest;
        }

        var sum = 0f;
        for (var expert = 0; expert < logits.Length; expert++)
        {
            var logit = logits[expert];
            var score = IsMask(logit) ? 0 : logit == largest ? 1 : MathF.Exp(logit - largest);
            scores[expert] = score;
            sum += score;
        }

        return sum;
    }

    /// <summary>The score of one logit under a gate whose experts do not see each other.</summary>
    public static float Single(GateKind gate, float logit)
    {
        if (gate == GateKind.Sigmoid)
        {
            var decayed = MathF.Exp(-MathF.Abs(logit));
            return logit >= 0 ? 1 / (1 + decayed) : decayed / (1 + decayed);
        }

        // sqrt(ln(1 + e^z)) = sqrt(max(z, 0) + ln(1 + e^-|z|)), which neither overflows nor loses small values.
        var bounded = MathF.Min(logit, float.MaxValue);
        return MathF.Sqrt(MathF.Max(bounded, 0) + float.LogP1(MathF.Exp(-MathF.Abs(bounded))));
    }

    /// <summary>Whether a logit stands for "not this expert": NaN, -inf or the lowest finite number.</summary>
    public static bool IsMask(float logit) => !(logit > TopK.Masked);
}
