using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>
/// Where a page ended: the ordering value and the number of its last run, and what <c>now</c> meant on the first page, so that all pages answer one question. A cursor belongs to one query and
/// order; it says so instead of answering something else.
/// </summary>
/// <param name="Now">What <c>now</c> means on every page.</param>
/// <param name="Number">The ordering value, where it is a number (moments: microseconds since 1970).</param>
/// <param name="Text">The ordering value, where it is a text.</param>
/// <param name="RunNumber">The run's own number.</param>
internal sealed record RunCursor(DateTimeOffset Now, double? Number, string? Text, int RunNumber)
{
    private const int LongestText = 2_000;

    /// <summary>As it travels.</summary>
    public string Write(string? query, RunOrder order)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            json.WriteStringValue(Question(query, order));
            json.WriteNumberValue(Microseconds(Now));
            json.WriteNumberValue(RunNumber);
            if (Number is { } number)
            {
                json.WriteNumberValue(number);
            }
            else if (Text is { } text)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        }

        return Base64Url.EncodeToString(stream.ToArray());
    }

    /// <summary>Reads a cursor that was given out for this query and order.</summary>
    /// <exception cref="RunQueryException">It was not.</exception>
    public static RunCursor Read(string cursor, string? query, RunOrder order)
    {
        try
        {
            if (cursor.Length <= 4 * LongestText)
            {
                using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(cursor));
                var parts = json.RootElement;
                if (parts.GetArrayLength() is 3 or 4 && parts[0].GetString() == Question(query, order))
                {
                    var key = parts.GetArrayLength() == 4 ? parts[3] : default;
                    var number = key.ValueKind == JsonValueKind.Number ? key.GetDouble() : (double?)null;
                    var text = key.ValueKind == JsonValueKind.String ? key.GetString() : null;
                    if ((key.ValueKind == JsonValueKind.Undefined || number is not null || text is not null)
                        && number is null or (> double.NegativeInfinity and < double.PositiveInfinity)
                        && text?.Contains('\0', StringComparison.Ordinal) is not true
                        && parts[1].GetInt64() is >= -2_000_000_000_000_000 and < 32_000_000_000_000_000 and var now)
                    {
                        return new(DateTimeOffset.UnixEpoch.AddTicks(TimeSpan.TicksPerMicrosecond * now), number, text, parts[2].GetInt32());
                    }
                }
            }
        }
        catch (Exception wrong) when (wrong is FormatException or JsonException or InvalidOperationException or ArgumentException)
        {
            // Whatever it is, it is no cursor of ours.
        }

        throw new RunQueryException("invalid_cursor", 1, cursor.Length, "the cursor is not one that this query and order gave out", "the 'next' of the page before, with the same q and order");
    }

    private static long Microseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private static string Question(string? query, RunOrder order) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{query}\n{order}")).AsSpan(0, 8));
}
