using System.Globalization;

namespace EnergyTTT.Silo.Series;

/// <summary>Times in addresses, in the grammar that users of dashboards know: <c>now-6h</c>, RFC 3339, Unix seconds or milliseconds.</summary>
internal static class Times
{
    // Unix seconds reach this in the year 5138, Unix milliseconds had reached it in 1973.
    private const double FirstMilliseconds = 1e11;
    private const double MostDays = 36_500;

    /// <summary>Reads a time; false when it is none.</summary>
    public static bool TryRead(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        time = now;
        if (text == "now")
        {
            return true;
        }

        if (text.StartsWith("now-", StringComparison.Ordinal))
        {
            if (!TryReadSpan(text[4..], out var back))
            {
                return false;
            }

            time = now - back;
            return true;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            var seconds = number >= FirstMilliseconds ? number / 1000 : number;
            var known = seconds is >= 0 and < FirstMilliseconds;
            time = known ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : default;
            return known;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }

    /// <summary>Reads a length of time above zero: seconds, or a number with s, m, h or d; false when it is none.</summary>
    public static bool TryReadSpan(string text, out TimeSpan span)
    {
        span = default;
        var unit = text.Length > 0 && char.IsAsciiLetter(text[^1]) ? text[^1] : 's';
        var digits = text.Length > 0 && char.IsAsciiLetter(text[^1]) ? text[..^1] : text;
        var factor = unit switch { 's' => 1.0, 'm' => 60, 'h' => 3_600, 'd' => 86_400, 'w' => 604_800, _ => 0 };
        if (factor == 0 || !double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || !(number > 0) || number * factor > MostDays * 86_400)
        {
            return false;
        }

        span = TimeSpan.FromSeconds(number * factor);
        return true;
    }
}
