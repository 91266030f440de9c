using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Routing.Losses;

/// <summary>A gate as a distribution over experts.</summary>
public static class GateProbabilities
{
    /// <summary>
    /// Softmax gates: <c>p_e = exp(z_e) / sum_j exp(z_j)</c>. Others: the score over the sum of scores, so that a bias on the logarithm of the score tilts them alike.
    /// NaN and -inf are masks (p = 0); +inf shares all mass; all masked is uniform.
    /// </summary>
    /// <param name="logits">z <c>[experts]</c>.</param>
    /// <param name="probabilities">Receives p <c>[experts]</c>, sum 1.</param>
    /// <remarks>Source: router specification 3.0.</remarks>
    public static void Of(ReadOnlySpan<float> logits, GateKind gate, Span<float> probabilities)
    {
        var largest = float.NegativeInfinity;
        foreach (var logit in logits)
            largest = logit > largest ? logit : largest;
        if (float.IsNegativeInfinity(largest))
        {
            probabilities.Fill(1f / logits.Length);
            return;
        }

        var sum = 0.0;
        for (var e = 0; e < logits.Length; e++)
        {
            double z = logits[e];
            var score = !(z > double.NegativeInfinity) ? 0 : gate switch
            {
                GateKind.Softmax => z == largest ? 1 : Math.Exp(z - largest),
                GateKind.Sigmoid => 1 / (1 + Math.Exp(-z)),
                _ => Math.Sqrt(z > 30 ? Math.Min(z, float.MaxValue) : Math.Log(1 + Math.Exp(z))),
            };
            probabilities[e] = (float)score;
            sum += score;
        }

        if (!(sum > 0))
        {
            probabilities.Fill(1f / logits.Length);
            return;
        }

        for (var e = 0; e < probabilities.Length; e++)
            probabilities[e] = (float)(probabilities[e] / sum);
    }
}
