using System.Text.Json.Serialization;
using EnergyTTT.History.Audits;

namespace EnergyTTT.Silo.Audits;

/// <summary>An entry of the audit log, with all that is needed to compute its hash again (docs/api.md says how).</summary>
public sealed record AuditLine(long Number, DateTimeOffset Time, string Actor, string Action, string Subject, string Detail, string PreviousSha256, string Sha256)
{
    /// <summary>The entry as it travels.</summary>
    public static AuditLine Of(AuditEntry entry) => new(
        entry.Number, entry.Time, entry.Actor, entry.Action, entry.Subject, entry.Detail, Convert.ToHexStringLower(entry.Previous.Span), Convert.ToHexStringLower(entry.Hash.Span));
}

/// <summary>One page of the audit log.</summary>
/// <param name="Entries">In the order that was asked for.</param>
/// <param name="Cursor">To be given for the next page; null on the last.</param>
public sealed record AuditPage(IReadOnlyList<AuditLine> Entries, string? Cursor);

/// <summary>Whether the chain of the log holds.</summary>
/// <param name="Whole">Every entry follows the one before.</param>
/// <param name="Entries">Whole entries from the first on.</param>
/// <param name="Head">SHA-256 of the last whole one.</param>
/// <param name="BrokenAt">The first entry that does not follow; null: all do.</param>
/// <param name="Fault">What is wrong with it.</param>
/// <param name="At">When it was looked at.</param>
public sealed record AuditState(bool Whole, long Entries, string Head, long? BrokenAt, string? Fault, DateTimeOffset At);

/// <summary>Source-generated JSON of the audit log.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(AuditState))]
[JsonSerializable(typeof(AuditLine))]
internal sealed partial class AuditJson : JsonSerializerContext;
