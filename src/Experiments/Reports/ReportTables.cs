using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Wire.Runs;
using static System.FormattableString;

namespace EnergyTTT.Experiments.Reports;

/// <summary>A table for people: a title, headings with units, and rows of texts.</summary>
public sealed record ReportTable(string Title, IReadOnlyList<string> Headings, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>The tables of a run: energy, heat, throughput, quality. A figure that is not known is a dash; each title says where the joules come from.</summary>
public static class ReportTables
{
    /// <summary>The tables of a bundle.</summary>
    public static IReadOnlyList<ReportTable> Of(RunBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        var origin = bundle.Run.Origin.ToString().ToLowerInvariant();
        var pairs = bundle.Comparisons.ToDictionary(c => c.Treated, StringComparer.Ordinal);
        RunComparison? Of(RunArm arm) => pairs.GetValueOrDefault(arm.Name);
        return
        [
            new($"Energy ({origin})", ["Router", "J/token", "W", "saving % (95 %)", "J/token x tokens/s = W", "verdict"], [.. bundle.Arms.Select(arm => (IReadOnlyList<string>)
            [
                arm.Name, Number(arm.JoulesPerToken, "0.000000"), Number(arm.Watts, "0.0"), Interval(Of(arm)?.SavingPercent, Of(arm)?.Ci95), SelfCheck(arm),
                Of(arm) is { } c ? Word(c.Verdict) + (c.Publishable ? "" : ", not publishable: " + string.Join(' ', c.Reasons)) : "control",
            ])]),
            new($"Heat ({origin})", ["Router", "greatest °C", "rise in a window °C", "cooler at its end °C (95 %)"], [.. bundle.Arms.Select(arm => (IReadOnlyList<string>)
                [arm.Name, Number(arm.TemperatureMaxCelsius, "0"), Number(arm.TemperatureRiseCelsius, "0.0"), Interval(Of(arm)?.CoolerCelsius, Of(arm)?.CoolerCi95)])]),
            new($"Throughput ({origin})", ["Router", "tokens/s", "ms/token p50", "p95", "more tokens/s % (95 %)", "GPU waits %"], [.. bundle.Arms.Select(arm => (IReadOnlyList<string>)
            [
                arm.Name, Number(arm.TokensPerSecond, "0"), Number(arm.MsPerTokenP50, "0.000"), Number(arm.MsPerTokenP95, "0.000"), Interval(Of(arm)?.ThroughputPercent, Of(arm)?.ThroughputCi95),
                Number(100 * arm.GpuWaitShare, "0.0"),
            ])]),
            .. bundle.Arms.Any(arm => arm.OfferedTokensPerSecond is not null) ? [Waiting(bundle, origin)] : Array.Empty<ReportTable>(),
            new("Quality (held-out text, decoded under the very selection of the table above)", ["Router", "perplexity", "more % (95 %)", "retained mass", "least", "distinct experts", "updates", "gamma"],
            [.. bundle.Arms.Select(arm => (IReadOnlyList<string>)
            [
                arm.Name, Number(arm.Perplexity, "0.0000"), Interval(Of(arm)?.PerplexityPercent, Of(arm)?.PerplexityCi95, "0.00"), Number(arm.RetainedMassMean, "0.0000"), Number(arm.RetainedMassMin, "0.000"),
                Number(arm.DistinctExperts, "0.00"), arm.Updates is { } updates ? Invariant($"{updates}") : "-", Number(arm.FastTermGamma, "0.000"),
            ])]),
        ];
    }

    /// <summary>Whether J/token times tokens/s is the watts; "-" where one is not known.</summary>
    public static string SelfCheck(RunArm arm)
    {
        ArgumentNullException.ThrowIfNull(arm);
        return arm is { JoulesPerToken: { } joules, TokensPerSecond: { } speed, Watts: { } watts }
            ? Invariant($"{joules * speed:0.0} W {(Publication.IsConsistent(joules, speed, watts) ? "ok" : "CONTRADICTS")}") : "-";
    }

    private static ReportTable Waiting(RunBundle bundle, string origin) => new(
        $"Waiting under an offered load ({origin})", ["Router", "offered tokens/s", "queue ms p50", "p95", "arrival to last token ms p50", "p95"], [.. bundle.Arms.Select(arm => (IReadOnlyList<string>)
        [
            arm.Name, Number(arm.OfferedTokensPerSecond, "0"), Number(arm.QueueMsP50, "0.0"), Number(arm.QueueMsP95, "0.0"), Number(arm.LatencyMsP50, "0.0"), Number(arm.LatencyMsP95, "0.0"),
        ])]);

    private static string Word(Verdict verdict) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(verdict.ToString());

    private static string Number(double? value, string format) => value is { } number ? number.ToString(format, System.Globalization.CultureInfo.InvariantCulture) : "-";

    private static string Interval(double? value, IReadOnlyList<double>? interval, string format = "0.0") =>
        value is null ? "-" : interval is [var low, var high] ? $"{Number(value, format)} ({Number(low, format)} to {Number(high, format)})" : Number(value, format);
}
