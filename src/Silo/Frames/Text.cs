using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EnergyTTT.Silo.Frames;

/// <summary>Reads strings, times and excerpts off a JSON reader without trusting them.</summary>
internal static class Text
{
    private const int ExcerptLength = 60;

    /// <summary>The string at the reader, or null when it is no well-formed Unicode.</summary>
    public static string? Read(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 alone: JSON by its grammar, no text by Unicode's.
            return null;
        }
    }

    /// <summary>The time at the reader in UTC; false when it is no RFC 3339 time, a time without an offset included.</summary>
    public static bool TryReadTime(ref Utf8JsonReader reader, out DateTimeOffset time)
    {
        var text = reader.ValueSpan;
        time = default;
        if (reader.ValueIsEscaped || text.Length is < 20 or > 40)
        {
            return false;
        }

        // The framework takes a time without an offset for local time; a server has no local time.
        var hasOffset = text[^1] == (byte)'Z' || (text[^6] is (byte)'+' or (byte)'-' && text[^3] == (byte)':');
        if (!hasOffset || !reader.TryGetDateTimeOffset(out time))
        {
            return false;
        }

        time = time.ToUniversalTime();
        return true;
    }

    /// <summary>The start of the value at the reader as a person may see it: no control characters, at most 60 characters.</summary>
    public static string Excerpt(ref Utf8JsonReader reader)
    {
        var text = Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, 4 * ExcerptLength)]);
        var clean = new string([.. text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(ExcerptLength)]);
        return clean.Length < text.Length ? clean + "..." : clean;
    }

    /// <summary>A number for a person, the same in every culture.</summary>
    public static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
