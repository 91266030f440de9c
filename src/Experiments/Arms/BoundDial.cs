using System.Globalization;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Selection.Epochs;

namespace EnergyTTT.Experiments.Arms;

/// <summary>
/// The one setting of an arm's batch step that trades quality for joules, as a dial from 0 (tightest: nearly plain top-k) to 1 (loosest). What tunes bounds and what sweeps them turn the same dial.
/// </summary>
internal abstract class BoundDial
{
    /// <summary>The dial of a plan; null where it has nothing to turn.</summary>
    /// <param name="plan">The arm.</param>
    /// <param name="topK">k of the gate.</param>
    public static BoundDial? Of(ArmPlan plan, int topK) => !plan.BatchAware ? null : plan.Strategy.BatchStep.Kind switch
    {
        BatchStepKind.GreedyConsolidation => new RetainedMass(),
        BatchStepKind.MarginalConsolidation => new MassPerExpert(),
        BatchStepKind.OpportunisticActivation => new OwnExperts(topK),
        _ => null,
    };

    /// <summary>The setting at a position, 0 to 1.</summary>
    public abstract double At(double position);

    /// <summary>The plan with a setting.</summary>
    public abstract ArmPlan Turned(ArmPlan plan, double setting);

    /// <summary>Settings that a sweep tries, tightest first, each once.</summary>
    /// <param name="count">At most so many.</param>
    public IReadOnlyList<double> Stops(int count) => [.. Enumerable.Range(1, count).Select(stop => At((double)stop / count)).Distinct()];

    /// <summary>A strategy that carries its parameter in its name carries the new one.</summary>
    private static Strategy Named(Strategy strategy, double setting) => strategy.Name.IndexOf('(', StringComparison.Ordinal) is > 0 and var open ? strategy with { Name = $"{strategy.Name[..open]}({Written(setting)})" } : strategy;

    /// <summary>A setting as it stands in an arm's name.</summary>
    public static string Written(double setting) => setting.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>rho: the share of its gate mass that every token keeps.</summary>
    private sealed class RetainedMass : BoundDial
    {
        private const double Loosest = 0.6;

        // Finer where the bound is tight: perplexity rises faster and faster.
        public override double At(double position) => Math.Round(1 - Math.Pow(position, 1.5) * (1 - Loosest), 4);

        public override ArmPlan Turned(ArmPlan plan, double setting) => plan with
        {
            GuardBound = (float)setting, Strategy = Named(plan.Strategy, setting) with { BatchStep = BatchStep.GreedyConsolidation((float)setting, plan.Strategy.BatchStep.IsPriced) },
        };
    }

    /// <summary>The exchange rate, by its logarithm: the last expert avoided costs the same mass wherever it was avoided.</summary>
    private sealed class MassPerExpert : BoundDial
    {
        private const double Least = 0.005, Most = 5;

        // Least share of its mass that any token keeps, whatever the rate.
        private const float Floor = 0.8f;

        public override double At(double position) => Math.Round(Math.Exp(double.Lerp(Math.Log(Least), Math.Log(Most), position)), 4);

        public override ArmPlan Turned(ArmPlan plan, double setting) => plan with
        {
            GuardBound = Floor, Strategy = plan.Strategy with { BatchStep = BatchStep.MarginalConsolidation(Floor, setting, plan.Strategy.BatchStep.IsPriced) },
        };
    }

    /// <summary>k0: the experts that a token brings itself.</summary>
    private sealed class OwnExperts(int topK) : BoundDial
    {
        public override double At(double position) => topK - Math.Round(position * (topK - 1));

        public override ArmPlan Turned(ArmPlan plan, double setting) => plan with { Strategy = Named(plan.Strategy, setting) with { BatchStep = BatchStep.OpportunisticActivation((int)setting) } };
    }
}
