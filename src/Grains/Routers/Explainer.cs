using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Grains.Routers;

/// <summary>Runs the selector that engines run over a gate sample and says what it did with one row.</summary>
internal static class Explainer
{
    public static RouteExplanation? Explain(SampleKey key, float[] logits, int row, SelectorShape shape, SelectionEpoch epoch)
    {
        if (row < 0 || row >= key.Rows)
        {
            return null;
        }

        var plain = Choose(logits, key.Rows, shape, SelectionEpoch.Baseline(shape));
        var alone = Choose(logits, key.Rows, shape, WithoutStep(epoch));
        var steered = Choose(logits, key.Rows, shape, epoch);
        var scores = Scores(logits.AsSpan(row * shape.Experts, shape.Experts), shape);
        HashSet<int> own = [.. Row(plain, row, shape)], biased = [.. Row(alone, row, shape)], chosen = [.. Row(steered, row, shape)];
        own.Remove(Selector.Unused);
        chosen.Remove(Selector.Unused);
        var experts = own.Union(chosen).OrderByDescending(expert => scores[expert]).Select(expert =>
        {
            var slot = Array.IndexOf(steered.Experts, expert, row * shape.TopK, shape.TopK);
            var others = Enumerable.Range(0, key.Rows).Count(other => other != row && Row(steered, other, shape).Contains(expert));
            return new ExpertExplanation(
                expert, logits[(row * shape.Experts) + expert], scores[expert], epoch.Bias[expert], epoch.Prices.IsEmpty ? null : epoch.Prices[expert], others,
                own.Contains(expert), chosen.Contains(expert), slot >= 0 ? steered.Weights[slot] : null,
                Why(own.Contains(expert), biased.Contains(expert), chosen.Contains(expert), others, epoch));
        }).ToImmutableArray();
        var ownMass = own.Sum(expert => scores[expert]);
        return new(
            key.Replica, key.Chunk, row, key.Rows, epoch.Strategy, epoch.BatchStep.Kind.ToString(), epoch.EffectiveBound, ownMass > 0 ? chosen.Sum(expert => scores[expert]) / ownMass : 1,
            plain.Distinct, steered.Distinct, experts);
    }

    private static string Why(bool plain, bool biased, bool chosen, int others, SelectionEpoch epoch) => (plain, biased, chosen) switch
    {
        (true, _, true) when epoch.BatchStep.Kind == BatchStepKind.None => "the gate's own choice",
        (true, _, true) => others > 0 ? string.Create(CultureInfo.InvariantCulture, $"the gate's own choice, shared with {others} other rows") : "the gate's own choice, kept: without it the token would fall below its bound, or nothing is gained by leaving it",
        (false, true, true) => "the bias raised it above the gate's own choice",
        (false, false, true) => string.Create(CultureInfo.InvariantCulture, $"takes the place of an expert that left the batch; {others} other rows use it anyway"),
        (true, false, false) => "the bias lowered it below another expert",
        _ => epoch.BatchStep.Kind == BatchStepKind.OpportunisticActivation ? "no token of the batch brought it" : "left the batch: every token that wanted it keeps its bound without it",
    };

    private static SelectionEpoch WithoutStep(SelectionEpoch epoch) =>
        new(epoch.Number, epoch.Strategy, epoch.Bias.AsSpan(), epoch.BiasSpace, epoch.GuardBound, BatchStep.None, epoch.Prices.AsSpan());

    private static (int[] Experts, float[] Weights, int Distinct) Choose(float[] logits, int rows, SelectorShape shape, SelectionEpoch epoch)
    {
        var experts = new int[rows * shape.TopK];
        var weights = new float[rows * shape.TopK];
        var statistics = new Selector(shape).Select(logits, rows, epoch, experts, weights);

        return (experts, weights, statistics.DistinctExperts);
    }

    private static int[] Row((int[] Experts, float[] Weights, int Distinct) choice, int row, SelectorShape shape) => choice.Experts[(row * shape.TopK)..((row + 1) * shape.TopK)];

    private static double[] Scores(ReadOnlySpan<float> logits, SelectorShape shape)
    {
        // As the selector cleans them: not a number, or infinitely small, is never chosen.
        double[] finite = [.. logits.ToArray().Select(logit => float.IsNaN(logit) ? double.NegativeInfinity : Math.Clamp(logit, -1e30, 1e30))];
        if (shape.Gate == GateKind.Sigmoid)
        {
            return [.. finite.Select(logit => 1 / (1 + Math.Exp(-logit)))];
        }

        var largest = finite.Max();
        double[] growth = [.. finite.Select(logit => double.IsNegativeInfinity(largest) ? 0 : Math.Exp(logit - largest))];
        var sum = growth.Sum();

        return [.. growth.Select(value => sum > 0 ? value / sum : 0)];
    }
}
