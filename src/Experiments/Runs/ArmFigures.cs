using EnergyTTT.Evidence.Intervals;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Meters;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Runs;

/// <summary>What a run says of an arm.</summary>
internal static class ArmFigures
{
    /// <summary>An arm before its first trial.</summary>
    public static RunArm Planned(ArmPlan plan, ExperimentSettings settings, int size, Origin origin) => new()
    {
        Name = SizeExperiment.NameOf(settings, plan, size), Strategy = plan.Strategy.Name, Grouping = plan.Grouping, Phase = settings.Phase.ToString().ToLowerInvariant(), BatchSize = size, Trials = 0, Tokens = 0,
        Origin = origin, Parameters = Parameters(plan),
    };

    /// <summary>An arm over all its valid trials.</summary>
    public static RunArm Of(Arm arm, ExperimentSettings settings, int size, double? offered, Origin origin, IReadOnlyList<RunTrial> trials)
    {
        var planned = Planned(arm.Plan, settings, size, origin);
        List<RunTrial> valid = [.. trials.Where(trial => trial.Arm == planned.Name && trial.Codes.Count == 0)];
        var tokens = valid.Sum(trial => trial.Tokens);
        var seconds = valid.Sum(trial => trial.Seconds);
        double? joules = valid.Count > 0 && valid.All(trial => trial.Joules is not null) ? valid.Sum(trial => trial.Joules!.Value) : null; // all have joules
        var interval = MeanInterval.TwoSided([.. valid.Where(trial => trial is { Joules: not null, Tokens: > 0 }).Select(trial => trial.Joules!.Value / trial.Tokens)], 0.95); // filtered
        var decoded = arm.Decoded.Sum();
        double? loss = decoded > 0 ? arm.Losses.Sum() / decoded : null;
        double? Mean(Func<RunTrial, double?> value) => Quantiles.Mean(valid.Select(value));
        if (arm.UpdateRefusal is { } refusal)
        {
            planned.Parameters["no_updates_because"] = refusal;
        }

        return planned with
        {
            Selection = arm.Gate.Name, OfferedTokensPerSecond = offered, Trials = valid.Count, Tokens = tokens, JoulesPerToken = tokens > 0 ? joules / tokens : null,
            JoulesPerTokenLow = interval.Count > 1 ? interval.Low : null, JoulesPerTokenHigh = interval.Count > 1 ? interval.High : null, Watts = seconds > 0 ? joules / seconds : null,
            TokensPerSecond = seconds > 0 ? tokens / seconds : null, MsPerTokenP50 = Mean(trial => trial.MsPerTokenP50), MsPerTokenP95 = Mean(trial => trial.MsPerTokenP95), QueueMsP50 = Mean(trial => trial.QueueMsP50),
            QueueMsP95 = Mean(trial => trial.QueueMsP95), LatencyMsP50 = Mean(trial => trial.LatencyMsP50), LatencyMsP95 = Mean(trial => trial.LatencyMsP95),
            TemperatureMaxCelsius = valid.Max(trial => trial.TemperatureMaxCelsius), TemperatureRiseCelsius = Mean(trial => trial.TemperatureEndCelsius - trial.TemperatureStartCelsius), Loss = loss,
            Perplexity = loss is { } nats ? Math.Exp(nats) : null, RetainedMassMean = Mean(trial => trial.RetainedMassMean), RetainedMassMin = valid.Min(trial => trial.RetainedMassMin),
            DistinctExperts = Mean(trial => trial.DistinctExperts), GpuWaitShare = Mean(trial => trial.GpuWaitShare), Updates = arm.Learns ? arm.Updates : null, BiasSpread = arm.Learns ? arm.Spread : null,
            FastTermGamma = arm.Plan.Strategy.UsesFastWeights ? arm.Gamma : null,
        };
    }

    /// <summary>Settings of the arm alone; what it does not have is left out.</summary>
    private static SortedDictionary<string, ParameterValue> Parameters(ArmPlan plan)
    {
        var step = plan.BatchAware ? plan.Strategy.BatchStep : BatchStep.None;
        SortedDictionary<string, ParameterValue> parameters = new(StringComparer.Ordinal) { ["batch_step"] = step.Kind.ToString(), ["guard"] = Math.Round(plan.GuardBound, 4) };
        if (step.Kind == BatchStepKind.OpportunisticActivation)
        {
            parameters["own_experts"] = step.OwnExperts;
        }

        if (step.Kind == BatchStepKind.MarginalConsolidation && double.IsFinite(step.MassPerExpert))
        {
            parameters["mass_per_expert"] = step.MassPerExpert;
        }

        return parameters;
    }
}
