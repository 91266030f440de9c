using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>Shares the modelled joules of a chunk among the experts of a layer.</summary>
internal static class EnergyAttribution
{
    /// <summary>
    /// Joules of one layer over a chunk of <c>T</c> tokens in steps of <c>N</c>: <c>E = (T/N) (fixed + a U) + c S</c>, of which expert e gets
    /// <c>(T/N) a P_e + c n_e</c>. <c>P_e</c> is its chance of being read in a step, <c>1 - (1 - n_e/T)^N</c> for independent tokens, scaled so that the
    /// chances sum to the distinct experts that the engine counted. What is fixed belongs to no expert.
    /// </summary>
    /// <param name="fit">The cost table's fit of one layer and step.</param>
    /// <param name="layer">What the layer did.</param>
    /// <param name="tokens">T, above 0.</param>
    /// <param name="batchTokens">N, above 0.</param>
    /// <param name="expertJoules">[experts], each is added to.</param>
    /// <returns>The joules of the layer, fixed part included.</returns>
    /// <remarks>Source: ours; the model is that of router specification 3.1 with chances in place of indicators.</remarks>
    public static double Add(CostFit fit, LayerFeedback layer, long tokens, double batchTokens, Span<double> expertJoules)
    {
        var steps = tokens / batchTokens;
        var experts = layer.ExpertCounts.Count;
        Span<double> chance = experts <= 512 ? stackalloc double[experts] : new double[experts];
        double expected = 0, slots = 0;
        for (var expert = 0; expert < experts; expert++)
        {
            var share = Math.Min(1, (double)layer.ExpertCounts[expert] / tokens);
            chance[expert] = 1 - Math.Pow(1 - share, batchTokens);
            expected += chance[expert];
            slots += layer.ExpertCounts[expert];
        }

        var distinct = layer.DistinctExpertsMean ?? expected;
        var scale = expected > 0 ? distinct / expected : 0;
        for (var expert = 0; expert < experts; expert++)
        {
            expertJoules[expert] += (steps * fit.ActivationJoules.Value * chance[expert] * scale) + (fit.SlotJoules.Value * layer.ExpertCounts[expert]);
        }

        return (steps * (fit.FixedJoules.Value + (fit.ActivationJoules.Value * (expected > 0 ? distinct : 0)))) + (fit.SlotJoules.Value * slots);
    }
}
