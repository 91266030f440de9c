using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Wire.Runs;

/// <summary>What must hold inside a bundle, whoever made it: names that are referred to exist, numbers are possible, and nothing that was not measured calls itself saved or publishable.</summary>
public static class RunBundleCheck
{
    /// <summary>What is wrong with a bundle; null when nothing is.</summary>
    public static string? Fault(RunBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        if (bundle.Schema != RunBundle.CurrentSchema)
        {
            return $"schema {bundle.Schema}: this version reads {RunBundle.CurrentSchema}";
        }

        if (bundle.Run.Id == Guid.Empty)
        {
            return "the run has no identity";
        }

        if (bundle.ReceiptSha256 != RunBundleFile.Digest(bundle.Receipt))
        {
            return "the receipt was changed: its SHA-256 is not the one beside it";
        }

        if (bundle.Run.Finished is { } finished && finished < bundle.Run.Started)
        {
            return $"the run finished ({finished:O}) before it started ({bundle.Run.Started:O})";
        }

        var arms = bundle.Arms.Select(arm => arm.Name).ToHashSet(StringComparer.Ordinal);
        if (arms.Count != bundle.Arms.Count)
        {
            return "two arms have the same name";
        }

        if (bundle.Trials.Select(trial => trial.Block).Distinct().Count() != bundle.Trials.Count)
        {
            return "two trials have the same block";
        }

        return bundle.Trials.Select(trial => Fault(trial, arms)).FirstOrDefault(fault => fault is not null)
            ?? bundle.Comparisons.Select(comparison => Fault(comparison, arms)).FirstOrDefault(fault => fault is not null)
            ?? bundle.Series.Select(series => series.X.Count == series.Y.Count && (series.Low ?? series.Y).Count == series.Y.Count && (series.High ?? series.Y).Count == series.Y.Count && series.Low is null == series.High is null
                    ? null : $"series '{series.Name}' has {series.X.Count} abscissas, {series.Y.Count} ordinates and a band of {series.Low?.Count ?? 0} and {series.High?.Count ?? 0} edges")
                .FirstOrDefault(fault => fault is not null)
            ?? (bundle.Receipt is { Publishable: true, Origin: not Origin.Measured } ? "the receipt calls joules publishable that were not measured" : null);
    }

    private static string? Fault(RunTrial trial, HashSet<string> arms) =>
        !arms.Contains(trial.Arm) ? $"block {trial.Block} is of an unknown arm '{trial.Arm}'"
        : !(trial.Seconds >= 0) ? $"block {trial.Block} lasts {trial.Seconds} seconds: 0 or more expected"
        : trial.Tokens < 0 ? $"block {trial.Block} has {trial.Tokens} tokens: 0 or more expected"
        : trial.Joules < 0 ? $"block {trial.Block} took {trial.Joules} J: 0 or more expected"
        : trial.Finished < trial.Started ? $"block {trial.Block} ends before it starts"
        : null;

    private static string? Fault(RunComparison comparison, HashSet<string> arms) =>
        !arms.Contains(comparison.Control) || !arms.Contains(comparison.Treated) ? $"a comparison of '{comparison.Treated}' with '{comparison.Control}': no such arms"
        : comparison.Origin != Origin.Measured && (comparison.Publishable || comparison.Verdict is Verdict.Saving or Verdict.Loss or Verdict.NoSignificantSaving)
            ? $"'{comparison.Treated}' claims '{comparison.Verdict}' on {comparison.Origin} joules: only measured ones can save, lose or be published"
        : Disordered(comparison.Ci95) || Disordered(comparison.ThroughputCi95) || Disordered(comparison.PerplexityCi95) || Disordered(comparison.CoolerCi95) ? $"an interval of '{comparison.Treated}' is not two numbers in order"
        : null;

    private static bool Disordered(IReadOnlyList<double>? interval) => interval is not null && !(interval.Count == 2 && interval[0] <= interval[1]);
}
