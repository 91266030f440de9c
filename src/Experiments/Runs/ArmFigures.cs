using EnergyTTT.Evidence.Intervals;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Runs;

/// <summary>An arm over all its valid trials.</summary>
internal static class ArmFigures
{
    public static RunArm Of(Arm arm, string name, int batch, Origin origin, IReadOnlyList<RunTrial> trials)
    {
        List<RunTrial> valid = [.. trials.Where(trial => trial.Arm == name && trial.Codes.Count == 0)];
        var tokens = valid.Sum(trial => trial.Tokens);
        var seconds = valid.Sum(trial => trial.Seconds);
        double? joules = valid.Count > 0 && valid.All(trial => trial.Joules is not null) ? valid.Sum(trial => trial.Joules!.Value) : null; // all have joules
        var interval = MeanInterval.TwoSided([.. valid.Where(trial => trial is { Joules: not null, Tokens: > 0 }).Select(trial => trial.Joules!.Value / trial.Tokens)], 0.95); // filtered
        var decoded = arm.Decoded.Sum();
        double? loss = decoded > 0 ? arm.Losses.Sum() / decoded : null;
        return new()
        {
            Name = name, Strategy = arm.Plan.Strategy.Name, Selection = arm.Gate.Name, Grouping = arm.Plan.Grouping, Phase = "decode", BatchSize = batch, Trials = valid.Count, Tokens = tokens, Origin = origin,
            Parameters = new(StringComparer.Ordinal) { ["guard"] = Math.Round((double)arm.Plan.GuardBound, 4), ["own_experts"] = arm.Plan.Strategy.BatchStep.OwnExperts, ["mass_per_expert"] = double.IsFinite(arm.Plan.Strategy.BatchStep.MassPerExpert) ? arm.Plan.Strategy.BatchStep.MassPerExpert : -1, ["batch_step"] = arm.Plan.BatchAware ? arm.Plan.Strategy.BatchStep.Kind.ToString() : "None" },
            JoulesPerToken = tokens > 0 ? joules / tokens : null, JoulesPerTokenLow = interval.Count > 1 ? interval.Low : null, JoulesPerTokenHigh = interval.Count > 1 ? interval.High : null,
            Watts = seconds > 0 ? joules / seconds : null, TokensPerSecond = seconds > 0 ? tokens / seconds : null,
            MsPerTokenP50 = Mean(valid.Select(trial => trial.MsPerTokenP50)), MsPerTokenP95 = Mean(valid.Select(trial => trial.MsPerTokenP95)),
            TemperatureMaxCelsius = valid.Max(trial => trial.TemperatureMaxCelsius), TemperatureRiseCelsius = Mean(valid.Select(trial => trial.TemperatureEndCelsius - trial.TemperatureStartCelsius)),
            Loss = loss, Perplexity = loss is { } nats ? Math.Exp(nats) : null, RetainedMassMean = Mean(valid.Select(trial => trial.RetainedMassMean)), RetainedMassMin = valid.Min(trial => trial.RetainedMassMin),
            DistinctExperts = Mean(valid.Select(trial => trial.DistinctExperts)), GpuWaitShare = Mean(valid.Select(trial => trial.GpuWaitShare)),
            Updates = arm.Learns ? arm.Updates : null, BiasSpread = arm.Learns ? arm.Spread : null, FastTermGamma = arm.Plan.Strategy.UsesFastWeights ? arm.Gamma : null,
        };
    }

    private static double? Mean(IEnumerable<double?> values)
    {
        List<double> known = [.. values.OfType<double>()];
        return known.Count > 0 ? known.Average() : null;
    }
}
