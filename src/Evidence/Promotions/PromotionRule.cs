using System.Collections.Immutable;
using EnergyTTT.Evidence.Intervals;
using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Evidence.Promotions;

/// <summary>
/// Decides on a proposed bias such that the probability of ever promoting one that does not save is at most alpha. Two tests to choose from before the first pair is seen: fixed length
/// (look once, after the agreed number of pairs) and sequential (look after every pair).
/// </summary>
/// <remarks>Source: router specification, 3.8.</remarks>
public static class PromotionRule
{
    /// <summary>
    /// The test of fixed length: the one-sided t-bound of mean d at <c>1 - alpha_j</c> must be below the margin, once, when all pairs are there. Before that it continues, whatever the pairs say.
    /// </summary>
    /// <param name="logRatios">d of the pairs so far; only the first <see cref="PromotionOptions.Pairs"/> are looked at.</param>
    /// <param name="origin">The weakest origin of the pairs: only measured ones promote.</param>
    /// <param name="test">Which test of this router it is, counted from 1.</param>
    /// <param name="guards">What must hold besides.</param>
    public static PromotionDecision FixedLength(ReadOnlySpan<double> logRatios, Origin origin, int test, PromotionGuards guards, PromotionOptions? options = null)
    {
        options ??= new();
        var alpha = AlphaSpending.Share(options.Alpha, test);
        var complete = logRatios.Length >= options.Pairs;
        var bound = MeanInterval.OneSided(logRatios[..Math.Min(logRatios.Length, options.Pairs)], 1 - alpha);
        return Decide(bound, alpha, complete, complete, origin, guards, options);
    }

    /// <summary>
    /// The sequential test: the upper end of an always-valid sequence at alpha_j must be below the margin, at any time; it gives up when the number of pairs reaches ten times the agreed one.
    /// </summary>
    /// <inheritdoc cref="FixedLength"/>
    public static PromotionDecision Sequential(ReadOnlySpan<double> logRatios, Origin origin, int test, PromotionGuards guards, PromotionOptions? options = null)
    {
        options ??= new();
        var alpha = AlphaSpending.Share(options.Alpha, test);
        var bound = ConfidenceSequence.Of(logRatios, alpha);
        return Decide(bound, alpha, true, logRatios.Length >= 10 * options.Pairs, origin, guards, options);
    }

    /// <summary>
    /// Why a bias in force must go: a guard is broken, or the lower end of an always-valid sequence of the hold-out's d is above 0 (it loses energy). Empty while it may stay.
    /// </summary>
    public static ImmutableArray<string> ReasonsToRevert(ReadOnlySpan<double> logRatios, PromotionGuards guards, PromotionOptions? options = null)
    {
        options ??= new();
        var broken = Broken(guards, options);
        return ConfidenceSequence.Of(logRatios, options.Alpha).Low > 0 ? broken.Add(ReasonCode.EnergyWorse) : broken;
    }

    private static ImmutableArray<string> Broken(PromotionGuards guards, PromotionOptions options) =>
        [.. guards.QualityHeld ? [] : (string[])[ReasonCode.QualityWorse], .. guards.LatencyRatio > 1 + options.LatencyTolerance ? (string[])[ReasonCode.LatencyWorse] : []];

    private static PromotionDecision Decide(
        MeanInterval bound, double alpha, bool mayPromote, bool ends, Origin origin, PromotionGuards guards, PromotionOptions options)
    {
        var reasons = Broken(guards, options).ToBuilder();
        var broken = reasons.Count > 0;
        Add(origin != Origin.Measured, ReasonCode.NotMeasured);
        Add(!mayPromote, ReasonCode.TooFewPairs);
        Add(mayPromote && !(bound.High < options.Margin), ReasonCode.BoundAboveMargin);
        var outcome = broken ? PromotionOutcome.Reject
            : reasons.Count == 0 ? PromotionOutcome.Promote
            : ends ? PromotionOutcome.Reject : PromotionOutcome.Continue;
        return new(outcome, bound.Mean, bound.High, alpha, bound.Count, reasons.ToImmutable());

        void Add(bool holds, string code)
        {
            if (holds)
            {
                reasons.Add(code);
            }
        }
    }
}
