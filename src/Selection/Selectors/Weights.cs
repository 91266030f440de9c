using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Selection.Selectors;

/// <summary>The mixing weights of a chosen set.</summary>
internal static class Weights
{
    /// <summary>
    /// Renormalised: <c>w_e = s_e / sum over the set of s</c> (equal weights where all scores are 0). Otherwise the scores themselves,
    /// as probabilities for a softmax gate. Unused slots weigh 0.
    /// </summary>
    public static void Write(SelectorShape shape, ReadOnlySpan<float> scores, float scale, ReadOnlySpan<int> chosen, Span<float> weights)
    {
        var factor = shape.Gate == GateKind.Softmax ? scale : 1;
        var used = 0;
        if (shape.Renormalise)
        {
            double sum = 0;
            foreach (var expert in chosen)
            {
                sum += expert < 0 ? 0 : scores[expert];
                used += expert < 0 ? 0 : 1;
            }

            if (!(sum > 0))
            {
                for (var slot = 0; slot < chosen.Length; slot++)
                {
                    weights[slot] = chosen[slot] < 0 ? 0 : 1f / used;
                }

                return;
            }

            factor = (float)(1 / sum);
        }

        for (var slot = 0; slot < chosen.Length; slot++)
        {
            weights[slot] = chosen[slot] < 0 ? 0 : scores[chosen[slot]] * factor;
        }
    }
}
