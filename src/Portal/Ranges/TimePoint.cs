using System.Globalization;
using System.Text.RegularExpressions;

namespace EnergyTTT.Portal.Ranges;

/// <summary>
/// One end of a time range in Grafana's grammar: an instant (<c>2026-11-23T08:00:00Z</c> or milliseconds since 1970), or a
/// moment relative to now (<c>now</c>, <c>now-6h</c>, <c>now-1d/d</c>). Equality is that of the canonical text. <c>default</c> is <c>now</c>.
/// </summary>
public readonly partial record struct TimePoint
{
    /// <summary>The present moment.</summary>
    public static TimePoint Now => default;

    /// <summary>The instant, or null when the point is relative to now.</summary>
    public DateTimeOffset? Instant { get; private init; }

    /// <summary>How many <see cref="Unit"/>s after now, negative for the past; 0 when not shifted.</summary>
    public int Offset { get; private init; }

    /// <summary>The unit of <see cref="Offset"/>: one of <c>s m h d w M y</c>; the null character when not shifted.</summary>
    public char Unit { get; private init; }

    /// <summary>The unit to whose start the moment is rounded down (its end for the right end of a range); the null character for none.</summary>
    public char Rounding { get; private init; }

    /// <summary>Whether the point moves with the clock.</summary>
    public bool IsRelative => Instant is null;

    /// <summary>A fixed instant, kept to the millisecond.</summary>
    public static TimePoint At(DateTimeOffset instant) =>
        new() { Instant = DateTimeOffset.FromUnixTimeMilliseconds(instant.ToUnixTimeMilliseconds()) };

    /// <summary>The moment that many units before now, such as <c>Ago(6, 'h')</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The amount is negative, or the unit is none of <c>s m h d w M y</c>.</exception>
    public static TimePoint Ago(int amount, char unit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        if (!"smhdwMy".Contains(unit, StringComparison.Ordinal))
        {
            throw new ArgumentOutOfRangeException(nameof(unit), unit, "one of s, m, h, d, w, M, y expected");
        }

        return amount == 0 ? Now : new() { Offset = -amount, Unit = unit };
    }

    /// <summary>Reads a point, or answers false.</summary>
    public static bool TryParse(string? text, out TimePoint point)
    {
        point = default;
        if (string.IsNullOrWhiteSpace(text) || text.Length > 40)
        {
            return false;
        }

        if (Relative().Match(text) is { Success: true } match)
        {
            var offset = 0;
            if (match.Groups["amount"].Success && !int.TryParse(match.Groups["amount"].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out offset))
            {
                return false;
            }

            // A century is more than any history holds, and keeps calendar arithmetic inside its range.
            if (Math.Abs((long)offset) > 3_200_000_000L / SecondsOf(match.Groups["unit"].Success ? match.Groups["unit"].Value[0] : 's'))
            {
                return false;
            }

            point = new()
            {
                Offset = offset,
                Unit = offset == 0 ? '\0' : match.Groups["unit"].Value[0],
                Rounding = match.Groups["round"].Success ? match.Groups["round"].Value[0] : '\0',
            };
            return true;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
        {
            if (milliseconds > DateTimeOffset.MaxValue.AddYears(-200).ToUnixTimeMilliseconds())
            {
                return false;
            }

            point = At(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
            return true;
        }

        if (Iso().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant)
            && instant.Year is > 1900 and < 9000)
        {
            point = At(instant);
            return true;
        }

        return false;
    }

    /// <summary>The instant that the point stands for.</summary>
    /// <param name="now">The present moment.</param>
    /// <param name="zone">The zone whose midnights and months rounding and calendar units follow.</param>
    /// <param name="end">Whether rounding goes to the end of the unit (the right end of a range) instead of its start.</param>
    public DateTimeOffset Resolve(DateTimeOffset now, TimeZoneInfo zone, bool end = false)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (Instant is { } fixedInstant)
        {
            return fixedInstant;
        }

        var moment = Calendar.Shift(now, Offset, Unit, zone);
        return Rounding == '\0' ? moment : Calendar.Round(moment, Rounding, zone, end);
    }

    /// <summary>The canonical text, as it stands in a URL.</summary>
    public override string ToString()
    {
        if (Instant is { } instant)
        {
            return instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        }

        var shift = Offset == 0 ? "" : Offset.ToString("+0;-0", CultureInfo.InvariantCulture) + Unit;
        return "now" + shift + (Rounding == '\0' ? "" : "/" + Rounding);
    }

    private static long SecondsOf(char unit) => unit switch
    {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        'M' => 2_678_400,
        _ => 31_622_400,
    };

    [GeneratedRegex("^now(?:(?<amount>[+-][0-9]{1,9})(?<unit>[smhdwMy]))?(?:/(?<round>[smhdwMy]))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Relative();

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,7})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Iso();
}
