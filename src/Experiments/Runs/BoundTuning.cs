using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Devices;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Experiments.Runs;

/// <summary>What an arm came to at one setting of its bound, decoded without joules.</summary>
/// <param name="Bound">rho, or k0 of opportunistic activation.</param>
/// <param name="PerplexityPercent">Percent more perplexity than plain top-k on the same sequences.</param>
/// <param name="Distinct">Distinct experts per layer and step.</param>
/// <param name="Retained">Mean retained mass.</param>
internal sealed record BoundPoint(double Bound, double PerplexityPercent, double Distinct, double Retained);

/// <summary>
/// Gives each arm the loosest bound at which its perplexity rises by no more than a budget, on sequences that are not measured: strategies are then compared at equal quality. Bounds are looked for before
/// anything learns and before any joule is read.
/// </summary>
internal sealed class BoundTuning(ExperimentDevice device, MoeLanguageModel model, SequencePool pool, LearningSettings learning, SelectorShape gate, TimeProvider time, CancellationToken cancellationToken)
{
    private const double Tightest = 1, Loosest = 0.6, LeastMass = 0.005, MostMass = 5;
    private const int Halvings = 6;

    /// <summary>Least share of its mass that any token keeps under marginal consolidation while its exchange rate is tuned.</summary>
    public const float Floor = 0.8f;

    /// <summary>Whether the plan has something to tune.</summary>
    public static bool Concerns(ArmPlan plan) => plan.BatchAware && plan.Strategy.BatchStep.Kind != BatchStepKind.None;

    /// <summary>The same plan with another bound.</summary>
    public static ArmPlan With(ArmPlan plan, double bound) => plan.Strategy.BatchStep switch
    {
        { Kind: BatchStepKind.OpportunisticActivation } => plan with { Strategy = StrategyCatalogue.OpportunisticActivation((int)bound) with { Name = $"OpportunisticActivation({(int)bound})" } },
        { Kind: BatchStepKind.GreedyConsolidation } => plan with
        {
            GuardBound = (float)bound, Strategy = plan.Strategy with { BatchStep = BatchStep.GreedyConsolidation((float)bound, plan.Strategy.BatchStep.IsPriced) },
        },
        { Kind: BatchStepKind.MarginalConsolidation } step => plan with
        {
            GuardBound = Floor, Strategy = plan.Strategy with { BatchStep = BatchStep.MarginalConsolidation(Floor, bound, step.IsPriced) },
        },
        _ => plan,
    };

    /// <summary>Tunes a plan.</summary>
    /// <param name="plan">The arm.</param>
    /// <param name="decoder">Room for a batch.</param>
    /// <param name="control">Losses of plain top-k by sequence, of <see cref="Losses"/>.</param>
    /// <param name="budget">Percent.</param>
    /// <param name="tried">Receives every point that was tried.</param>
    public ArmPlan Tune(ArmPlan plan, BatchDecoder decoder, double[] control, double budget, List<BoundPoint> tried)
    {
        if (plan.Strategy.BatchStep.Kind == BatchStepKind.OpportunisticActivation)
        {
            // Few whole numbers: from the top down, until one is too loose.
            var best = gate.TopK;
            for (var own = gate.TopK - 1; own >= 1; own--)
            {
                if (Point(With(plan, own), own, decoder, control, tried).PerplexityPercent > budget)
                {
                    break;
                }

                best = own;
            }

            return With(plan, best);
        }

        if (plan.Strategy.BatchStep.Kind == BatchStepKind.MarginalConsolidation)
        {
            // The exchange rate, by its logarithm: the last expert avoided costs the same mass wherever it was avoided.
            var (low, high) = (Math.Log(LeastMass), Math.Log(MostMass));
            for (var halving = 0; halving < Halvings; halving++)
            {
                var middle = (low + high) / 2;
                var mass = Math.Round(Math.Exp(middle), 4);
                (low, high) = Point(With(plan, mass), mass, decoder, control, tried).PerplexityPercent <= budget ? (middle, high) : (low, middle);
            }

            return With(plan, Math.Round(Math.Exp(low), 4));
        }

        var (tight, loose) = (Tightest, Loosest);
        for (var halving = 0; halving < Halvings; halving++)
        {
            var middle = Math.Round((tight + loose) / 2, 4);
            (tight, loose) = Point(With(plan, middle), middle, decoder, control, tried).PerplexityPercent <= budget ? (middle, loose) : (tight, middle);
        }

        return With(plan, tight);
    }

    /// <summary>Losses of an arm by sequence, nats per token, before anything has learned.</summary>
    public (double[] Losses, double Distinct, double Retained) Losses(ArmPlan plan, BatchDecoder decoder)
    {
        using var arm = new Arm(plan with { Strategy = plan.Strategy with { UsesFastWeights = false } }, device.Gate(plan, gate, model.Shape.Layers, decoder.Size), learning, gate, null, model.Shape.Layers, pool.Count);
        var stepper = device.Stepper(decoder);
        var runner = new TrialRunner(pool, decoder, time, stepper) { Learns = false, Completed = tokens => device.Watch?.Complete(tokens) };
        try
        {
            var done = runner.Run(arm, pool.Batches(decoder.Size, plan.ByAffinity, 1), true, cancellationToken);
            return ([.. arm.Losses.Zip(arm.Decoded, (loss, tokens) => loss / tokens)], done.Gates.DistinctMean ?? 0, done.Gates.RetainedMean ?? 1);
        }
        finally
        {
            (stepper as IDisposable)?.Dispose();
        }
    }

    /// <summary>One setting of a plan.</summary>
    public BoundPoint Point(ArmPlan plan, double bound, BatchDecoder decoder, double[] control, List<BoundPoint> tried)
    {
        var (losses, distinct, retained) = Losses(plan, decoder);
        var point = new BoundPoint(bound, 100 * double.ExpM1(losses.Zip(control, (treated, plain) => treated - plain).Average()), distinct, retained);
        tried.Add(point);
        return point;
    }

    /// <summary>Points as curves for charts: distinct experts, retained mass and the bound against perplexity.</summary>
    public static IEnumerable<RunSeries> Curves(string label, IReadOnlyList<BoundPoint> points, Wire.Telemetry.Origin origin)
    {
        var sorted = points.OrderBy(point => point.PerplexityPercent).ToList();
        double[] x = [.. sorted.Select(point => point.PerplexityPercent)];
        RunSeries Of(string name, string unit, Func<BoundPoint, double> y) =>
            new() { Name = name, Label = label, XUnit = "% more perplexity", YUnit = unit, Origin = origin, X = x, Y = [.. sorted.Select(point => (double?)y(point))] };
        return [Of("sweep_distinct", "experts", point => point.Distinct), Of("sweep_bound", "bound", point => point.Bound), Of("sweep_retained", "share", point => point.Retained)];
    }
}
