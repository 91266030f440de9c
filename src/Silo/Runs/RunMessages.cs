using System.Collections.Immutable;
using System.Text.Json.Serialization;
using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Contrasts;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Silo.Runs;

/// <summary>A run as <c>GET /v1/runs/{id}</c> shows it: all that its bundle has, and how the history came to it.</summary>
internal sealed record RunView(
    RunDescription Run,
    IReadOnlyList<RunArm> Arms,
    IReadOnlyList<RunTrial> Trials,
    IReadOnlyList<RunComparison> Comparisons,
    IReadOnlyList<RunSeries> Series,
    RunReceipt? Receipt,
    string? ReceiptSha256,
    RunHistory History)
{
    /// <summary>The view of a record.</summary>
    public static RunView Of(RunRecord record) =>
        new(record.Bundle.Run, record.Bundle.Arms, record.Bundle.Trials, record.Bundle.Comparisons, record.Bundle.Series, record.Bundle.Receipt, record.Bundle.ReceiptSha256, RunHistory.Of(record));
}

/// <summary>How the history came to a run.</summary>
internal sealed record RunHistory(DateTimeOffset Recorded, DateTimeOffset Heard, string Source, string Recorder, bool Settled, string? BundleSha256)
{
    /// <summary>Of a record.</summary>
    public static RunHistory Of(RunRecord record) => new(record.Recorded, record.Heard, record.Source, record.Recorder, record.Settled, record.Digest);
}

/// <summary>A run's receipt and verdict, as <c>GET /v1/runs/{id}/receipt</c> shows them.</summary>
internal sealed record ReceiptView(Guid Run, RunState State, RunReceipt? Receipt, string? ReceiptSha256, bool Publishable, IReadOnlyList<string> Reasons, IReadOnlyList<VerdictView> Verdicts, RunHistory History)
{
    private static readonly string[] NoReceipt = ["no_receipt"];

    /// <summary>Of a record. A run without a receipt is not publishable.</summary>
    public static ReceiptView Of(RunRecord record) => new(
        record.Bundle.Run.Id,
        record.Bundle.Run.State,
        record.Bundle.Receipt,
        record.Bundle.ReceiptSha256,
        record.Bundle.Receipt?.Publishable ?? false,
        record.Bundle.Receipt?.Reasons ?? NoReceipt,
        [.. record.Bundle.Comparisons.Select(it => new VerdictView(it.Control, it.Treated, it.Verdict, it.SavingPercent, it.Ci95, it.Origin, it.Publishable, it.Reasons))],
        RunHistory.Of(record));
}

/// <summary>What a comparison within a run says.</summary>
internal sealed record VerdictView(string Control, string Treated, Verdict Verdict, double? SavingPercent, IReadOnlyList<double>? Ci95, Wire.Telemetry.Origin Origin, bool Publishable, IReadOnlyList<string> Reasons);

/// <summary>The names by which runs can be searched.</summary>
internal sealed record FieldList(ImmutableArray<string> Fields);

/// <summary>Source-generated JSON of these answers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(ReceiptView))]
[JsonSerializable(typeof(RunContrast))]
[JsonSerializable(typeof(FieldList))]
internal sealed partial class RunViewJson : JsonSerializerContext;
