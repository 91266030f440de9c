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

/// <summary>Source-generated JSON of the audit log.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditPage))]
internal sealed partial class AuditJson : JsonSerializerContext;
