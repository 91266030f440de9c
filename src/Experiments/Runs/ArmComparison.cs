using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Evidence.Intervals;
using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Evidence.Savings;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Runs;

/// <summary>
/// Compares two arms. A pair is the trial of each in the same half round: between them lie at most the other arms' trials, in an order that a seed drew and that the next half round runs backwards, so slow
/// drift cancels. Quality is compared on the same sequences, one by one.
/// </summary>
/// <remarks>Source: docs/decisions/0120.</remarks>
internal static class ArmComparison
{
    /// <summary>Pairs that a publishable comparison needs.</summary>
    public const int LeastPairs = 12;

    /// <summary>Share of time that the GPU may wait for its host.</summary>
    public const double GreatestWait = 0.1;

    public static RunComparison Of(Arm control, Arm treated, string controlName, string treatedName, Origin origin, IReadOnlyList<RunTrial> trials, bool? sameCoversZero, IReadOnlyList<string> against)
    {
        var pairs = trials.Where(trial => trial.Pair is not null && trial.Codes.Count == 0 && trial is { Joules: > 0, Tokens: > 0, Seconds: > 0 } && (trial.Arm == controlName || trial.Arm == treatedName))
            .GroupBy(trial => trial.Pair!.Value).OrderBy(pair => pair.Key) // filtered above
            .Select(pair => (Control: pair.FirstOrDefault(t => t.Arm == controlName), Treated: pair.FirstOrDefault(t => t.Arm == treatedName)))
            .Where(pair => pair.Control is not null && pair.Treated is not null).Select(pair => (Control: pair.Control!, Treated: pair.Treated!)).ToList(); // filtered
        double[] ratios = [.. pairs.Select(pair => Math.Log(PerToken(pair.Treated)) - Math.Log(PerToken(pair.Control)))];
        double[] speeds = [.. pairs.Select(pair => Math.Log(Speed(pair.Treated)) - Math.Log(Speed(pair.Control)))];
        var saving = Saving.Of(ratios, origin);
        var speed = MeanInterval.TwoSided(speeds, 0.95);
        var cooler = MeanInterval.TwoSided([.. pairs.Select(pair => pair.Control.TemperatureEndCelsius - pair.Treated.TemperatureEndCelsius).OfType<double>()], 0.95);
        var losses = Enumerable.Range(0, control.Losses.Length).Where(s => control.Decoded[s] > 0 && treated.Decoded[s] > 0)
            .Select(s => treated.Losses[s] / treated.Decoded[s] - control.Losses[s] / control.Decoded[s]).ToArray();
        var quality = MeanInterval.TwoSided(losses, 0.95);
        List<string> reasons = [.. saving.Reasons, .. against];
        Add(origin == Origin.Measured && ratios.Length < LeastPairs, ReasonCode.TooFewPairs);
        Add(origin == Origin.Measured && sameCoversZero is not true, ReasonCode.NoAaRun);
        Add(pairs.Any(pair => pair.Treated.GpuWaitShare > GreatestWait || pair.Control.GpuWaitShare > GreatestWait), ReasonCode.GpuWaits);
        Add(!control.Decoded.AsSpan().SequenceEqual(treated.Decoded), ReasonCode.TokensDiffer);
        Add(pairs.Any(pair => !Publication.IsConsistent(PerToken(pair.Treated), Speed(pair.Treated), pair.Treated.Joules!.Value / pair.Treated.Seconds)), ReasonCode.Inconsistent); // pairs have joules
        return new()
        {
            Control = controlName, Treated = treatedName, Pairs = ratios.Length, Origin = origin, Method = Saving.PairedBlocksMethod, SavingPercent = saving.Percent,
            Ci95 = saving is { Ci95Low: { } low, Ci95High: { } high } ? [low, high] : null, LogRatios = ratios,
            ThroughputPercent = speed.Count > 0 ? Percent(speed.Mean) : null, ThroughputCi95 = speed.Count > 1 ? [Percent(speed.Low), Percent(speed.High)] : null,
            PerplexityPercent = quality.Count > 0 ? Percent(quality.Mean) : null, PerplexityCi95 = quality.Count > 1 ? [Percent(quality.Low), Percent(quality.High)] : null,
            CoolerCelsius = cooler.Count > 0 ? cooler.Mean : null, CoolerCi95 = cooler.Count > 1 ? [cooler.Low, cooler.High] : null, Verdict = saving.Verdict, Publishable = reasons.Count == 0, Reasons = [.. reasons.Distinct()],
        };

        void Add(bool holds, string code)
        {
            if (holds)
            {
                reasons.Add(code);
            }
        }
    }

    private static double PerToken(RunTrial trial) => trial.Joules!.Value / trial.Tokens; // only trials with joules are paired

    private static double Speed(RunTrial trial) => trial.Tokens / trial.Seconds;

    private static double Percent(double logRatio) => 100 * double.ExpM1(logRatio);
}
