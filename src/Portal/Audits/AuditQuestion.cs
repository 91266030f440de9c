using System.Globalization;
using EnergyTTT.History.Audits;
using EnergyTTT.Portal.Ranges;

namespace EnergyTTT.Portal.Audits;

/// <summary>What an address asks of the log: <c>var-actor</c>, <c>var-action</c>, <c>var-subject</c>, <c>var-since</c>, <c>var-until</c>, <c>var-before</c>.</summary>
/// <param name="Filter">The entries that are wanted.</param>
/// <param name="Before">Entries below this number; null: from the newest.</param>
/// <param name="Faults">What was not understood, for a person.</param>
public sealed record AuditQuestion(AuditFilter Filter, long? Before, IReadOnlyList<string> Faults)
{
    /// <summary>Reads it.</summary>
    public static AuditQuestion Of(PageState state, DateTimeOffset now, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(state);
        List<string> faults = [];
        var filter = new AuditFilter(Text(state["actor"]), Text(state["action"]), Text(state["subject"]), Moment(state["since"], now, zone, false, faults), Moment(state["until"], now, zone, true, faults));
        return new(filter, long.TryParse(state["before"], NumberStyles.None, CultureInfo.InvariantCulture, out var before) ? before : null, faults);
    }

    /// <summary>The same question to the API, for an export of exactly what is shown.</summary>
    public static string Export(AuditFilter filter, string format)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var parts = new (string Name, string? Value)[]
        {
            ("actor", filter.Actor), ("action", filter.Action), ("subject", filter.Subject), ("from", filter.From?.UtcDateTime.ToString("O")), ("to", filter.To?.UtcDateTime.ToString("O")),
        };
        return $"/v1/audit/export?format={format}" + string.Concat(parts.Where(part => part.Value is not null).Select(part => $"&{part.Name}={Uri.EscapeDataString(part.Value!)}")); // the line before leaves null out
    }

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static DateTimeOffset? Moment(string? text, DateTimeOffset now, TimeZoneInfo zone, bool isEnd, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (DateOnly.TryParseExact(text.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1970 and < 3000)
        {
            // A day ends with its last moment, in the zone of whoever asks.
            var midnight = (isEnd ? day.AddDays(1) : day).ToDateTime(TimeOnly.MinValue);
            return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight));
        }

        if (TimePoint.TryParse(text.Trim(), out var point))
        {
            return point.Resolve(now, zone, isEnd);
        }

        faults.Add($"'{text}' is no time: 2026-11-23, 2026-11-23T08:00:00Z or now-7d expected.");
        return null;
    }
}
