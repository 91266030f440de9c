using System.Globalization;
using System.Text.RegularExpressions;
using EnergyTTT.History.Moments;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>Dates and moments as they are written in queries, in UTC to the microsecond, 1900 to 2999.</summary>
internal static partial class QueryMoments
{
    private static readonly DateTimeOffset First = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Last = new(3000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads <c>2026-11-01</c> (a day) or <c>2026-11-01T10:30:00Z</c> (a moment; without a zone, UTC).</summary>
    public static bool TryRead(string source, out DateTimeOffset from, out bool isDay)
    {
        isDay = source.Length == 10;
        from = default;
        return Shape().IsMatch(source)
            && DateTimeOffset.TryParse(source, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out from)
            && from >= First && from < Last
            && Whole(ref from);
    }

    /// <summary>Reads <c>now</c> or <c>now-30d</c>: s, m (minutes), h, d, w.</summary>
    public static DateTimeOffset FromNow(string source, int position, DateTimeOffset now)
    {
        var match = Relative().Match(source);
        if (!match.Success)
        {
            throw new RunQueryException("syntax", position, source.Length, $"'{source}' is no moment", "now, or now-30d with s, m, h, d or w");
        }

        Whole(ref now);
        if (source == "now")
        {
            return now;
        }

        var seconds = double.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) * match.Groups[3].ValueSpan[0] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 604_800 };
        var signed = match.Groups[1].ValueSpan[0] == '-' ? -seconds : seconds;
        var bound = (signed < 0 ? now - First : Last - now).TotalSeconds;
        return Math.Abs(signed) < bound ? now.AddSeconds(signed) : throw new RunQueryException("out_of_range", position, source.Length, $"'{source}' is too far away", "a moment from 1900 to 2999");
    }

    // PostgreSQL keeps microseconds.
    private static bool Whole(ref DateTimeOffset moment)
    {
        moment = StoredMoment.Of(moment);
        return true;
    }

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})?)?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Shape();

    [GeneratedRegex(@"^now(?:([+-])([0-9]{1,9})([smhdw]))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Relative();
}
