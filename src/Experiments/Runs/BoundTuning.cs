using EnergyTTT.Evidence.Intervals;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Devices;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Runs;

/// <summary>What an arm came to at one setting of its dial, without joules.</summary>
/// <param name="Setting">rho, the exchange rate, or k0 of opportunistic activation.</param>
/// <param name="PerplexityPercent">Percent more perplexity than plain top-k on the same sequences.</param>
/// <param name="PerplexityMost">Upper end of its 95 % interval over sequences.</param>
/// <param name="Distinct">Distinct experts per layer and step.</param>
/// <param name="Retained">Mean retained mass.</param>
internal sealed record BoundPoint(double Setting, double PerplexityPercent, double PerplexityMost, double Distinct, double Retained);

/// <summary>
/// Gives each arm the loosest setting at which its perplexity rises by no more than a budget, on sequences that are not measured, and with the upper end of its interval, so that text that is measured stays
/// within the budget too: strategies are then compared at equal quality. Settings are looked for before anything learns and before any joule is read.
/// </summary>
/// <remarks>Source: docs/decisions/0163.</remarks>
internal sealed class BoundTuning(
    ExperimentDevice device, MoeLanguageModel model, ISequenceSet sequences, ExperimentSettings settings, SelectorShape gate, int size, TimeProvider time, CancellationToken cancellationToken) : IDisposable
{
    private const int Halvings = 6;
    private readonly CachedPass _pass = sequences.Pass(model, size);
    private readonly Dictionary<bool, double[]> _control = [];
    private readonly Dictionary<(Type, bool), double> _found = [];

    /// <summary>Points that were tried, as curves for charts: distinct experts, retained mass and the setting against perplexity.</summary>
    public List<RunSeries> Curves { get; } = [];

    /// <summary>The plan within the budget; the same where there is nothing to turn.</summary>
    /// <param name="plan">The arm.</param>
    /// <param name="budget">Percent more perplexity.</param>
    public ArmPlan Tune(ArmPlan plan, double budget)
    {
        if (BoundDial.Of(plan, gate.TopK) is not { } dial)
        {
            return plan;
        }

        // Ablations differ in what they learn, not in their setting.
        if (!_found.TryGetValue((dial.GetType(), plan.ByAffinity), out var setting))
        {
            _found[(dial.GetType(), plan.ByAffinity)] = setting = Find(plan, dial, budget);
        }

        return dial.Turned(plan, setting);
    }

    /// <inheritdoc/>
    public void Dispose() => _pass.Dispose();

    private double Find(ArmPlan plan, BoundDial dial, double budget)
    {
        Dictionary<double, BoundPoint> tried = [];
        var (tight, loose) = (0.0, 1.0);
        for (var halving = 0; halving < Halvings; halving++)
        {
            var middle = (tight + loose) / 2;
            var setting = dial.At(middle);
            if (!tried.TryGetValue(setting, out var point))
            {
                tried[setting] = point = Try(dial.Turned(plan, setting), setting);
            }

            (tight, loose) = point.PerplexityMost <= budget ? (middle, loose) : (tight, middle);
        }

        Curves.AddRange(Drawn($"{plan.Name} @{size}", tried.Values));
        return dial.At(tight);
    }

    private BoundPoint Try(ArmPlan plan, double setting)
    {
        if (!_control.TryGetValue(plan.ByAffinity, out var plain))
        {
            _control[plan.ByAffinity] = plain = Losses(ArmCatalogue.Baseline() with { ByAffinity = plan.ByAffinity }).Losses;
        }

        var (losses, totals) = Losses(plan);
        var rise = MeanInterval.TwoSided([.. losses.Zip(plain, (treated, control) => treated - control)], 0.95);
        return new(setting, 100 * double.ExpM1(rise.Mean), 100 * double.ExpM1(rise.High), totals.DistinctMean ?? 0, totals.RetainedMean ?? 1);
    }

    /// <summary>Losses of an arm by sequence, nats per token, before anything has learned.</summary>
    private (double[] Losses, Gates.GateTotals Totals) Losses(ArmPlan plan)
    {
        using var arm = new Arm(plan with { Strategy = plan.Strategy with { UsesFastWeights = false } }, device.Gate(plan, gate, model.Shape.Layers, size), settings, gate, null, model.Shape.Layers, sequences.Count);
        using var stepper = device.Stepper();
        var runner = new TrialRunner(_pass, stepper, device.Clock, time) { Learns = false, Completed = tokens => device.Watch?.Complete(tokens) };
        var together = sequences.Together(size);
        var batches = new WaitingRoom(sequences.Usage, sequences.Count).Batches(WaitingRoom.Shuffled(sequences.Count, 1), together, plan.ByAffinity, settings.WaitingBatches * together);
        var done = runner.Run(arm, new PlannedBatches(batches), true, cancellationToken);
        return ([.. arm.Losses.Zip(arm.Decoded, (loss, tokens) => loss / tokens)], done.Gates);
    }

    private IEnumerable<RunSeries> Drawn(string label, IEnumerable<BoundPoint> points)
    {
        var sorted = points.OrderBy(point => point.PerplexityPercent).ToList();
        double[] x = [.. sorted.Select(point => point.PerplexityPercent)];
        RunSeries Of(string name, string unit, Func<BoundPoint, double> y) =>
            new() { Name = name, Label = label, XUnit = SweepCurves.QualityUnit, YUnit = unit, Origin = device.Meter.Origin, X = x, Y = [.. sorted.Select(point => (double?)y(point))] };
        return [Of("sweep_distinct", "experts", point => point.Distinct), Of("sweep_bound", "bound", point => point.Setting), Of("sweep_retained", "share", point => point.Retained)];
    }
}
