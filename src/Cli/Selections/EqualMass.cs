using EnergyTTT.Selection.Epochs;

namespace EnergyTTT.Cli.Selections;

/// <summary>Compares selections at the same mean retained mass: settings are found on one part of a recording and judged on the other.</summary>
internal sealed class EqualMass(GateReplay replay, Range calibration, Range held)
{
    /// <summary>The bound at which greedy consolidation comes to a mean mass on the held-out part, found by bisection: the curve it is compared on.</summary>
    public ReplayFigures GreedyAt(SequenceGroups groups, double mass)
    {
        double low = 0.3, high = 1;
        for (var i = 0; i < 14; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = replay.Run(groups, BatchStep.GreedyConsolidation((float)middle), held).MassMean < mass ? (middle, high) : (low, middle);
        }

        // Between the two bounds that enclose the mass the curve is a straight line: a mixture of both settings.
        var above = replay.Run(groups, BatchStep.GreedyConsolidation((float)high), held);
        var below = replay.Run(groups, BatchStep.GreedyConsolidation((float)low), held);
        var part = above.MassMean > below.MassMean ? Math.Clamp((mass - below.MassMean) / (above.MassMean - below.MassMean), 0, 1) : 1;
        return new(below.Distinct + (part * (above.Distinct - below.Distinct)), mass, below.MassMin);
    }

    /// <summary>The exchange rate at which marginal consolidation above a floor comes to a mean mass on the calibration part; judged on the held-out part.</summary>
    public (double Rate, ReplayFigures Figures) MarginalAt(SequenceGroups groups, float floor, double mass)
    {
        double low = 1e-3, high = 4;
        for (var i = 0; i < 14; i++)
        {
            var middle = Math.Sqrt(low * high);
            (low, high) = replay.Run(groups, BatchStep.MarginalConsolidation(floor, middle), calibration).MassMean > mass ? (middle, high) : (low, middle);
        }

        return (low, replay.Run(groups, BatchStep.MarginalConsolidation(floor, low), held));
    }
}
