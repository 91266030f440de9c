using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Routing.Learning;

/// <summary>What one logit of bias is worth in the score space of an engine.</summary>
internal static class ScoreScale
{
    /// <summary>Mean over tokens of the k-th largest score, in the space of the shape: softmax probability, sigmoid, or square root of softplus.</summary>
    public static double Of(ReadOnlySpan<float> logits, SelectorShape shape)
    {
        var (sum, rows) = (0.0, 0);
        Span<float> row = new float[shape.Experts];
        for (var at = 0; at < logits.Length; at += shape.Experts)
        {
            if (shape.BiasSpace == BiasSpace.SoftmaxScore)
            {
                Losses.GateProbabilities.Of(logits.Slice(at, shape.Experts), GateKind.Softmax, row);
                sum += GateMargins.Edge(row, shape.TopK, []).Inside;
            }
            else
            {
                double z = GateMargins.Edge(logits.Slice(at, shape.Experts), shape.TopK, []).Inside;
                sum += shape.BiasSpace == BiasSpace.SigmoidScore ? 1 / (1 + Math.Exp(-z)) : Math.Sqrt(z > 30 ? z : Math.Log(1 + Math.Exp(z)));
            }

            rows++;
        }

        return rows == 0 ? 0 : sum / rows;
    }
}
