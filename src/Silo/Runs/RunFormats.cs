using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;

namespace EnergyTTT.Silo.Runs;

/// <summary>Rows of runs as JSON and as CSV. Every row carries its identity and its origin, whatever columns were asked for.</summary>
internal static class RunFormats
{
    private static readonly JsonWriterOptions Compact = new() { SkipValidation = false };

    /// <summary>A page as JSON.</summary>
    public static byte[] Json(RunPage page)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Compact))
        {
            json.WriteStartObject();
            json.WriteStartArray("columns");
            foreach (var column in page.Columns)
            {
                json.WriteStringValue(column.Name);
            }

            json.WriteEndArray();
            json.WriteStartArray("runs");
            foreach (var row in page.Rows)
            {
                Write(json, page.Columns, row);
            }

            json.WriteEndArray();
            json.WriteString("next", page.Next);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>One run as a JSON object, its columns by name.</summary>
    public static void Write(Utf8JsonWriter json, ImmutableArray<RunField> columns, RunRow row)
    {
        json.WriteStartObject();
        json.WriteString("id", row.Id);
        json.WriteString("origin", RunWords.Of(row.Origin));
        for (var column = 0; column < columns.Length; column++)
        {
            if (columns[column].Name == "origin")
            {
                continue;
            }

            json.WritePropertyName(columns[column].Name);
            switch (row.Values[column])
            {
                case double number:
                    json.WriteNumberValue(number);
                    break;
                case bool flag:
                    json.WriteBooleanValue(flag);
                    break;
                case DateTimeOffset moment:
                    json.WriteStringValue(moment.UtcDateTime);
                    break;
                case string text:
                    json.WriteStringValue(text);
                    break;
                default:
                    json.WriteNullValue();
                    break;
            }
        }

        json.WriteEndObject();
    }

    /// <summary>The line of CSV (RFC 4180) that names the columns.</summary>
    public static string CsvHead(ImmutableArray<RunField> columns) => string.Join(',', Shown(columns).Select(column => Quote(column.Name)).Prepend("origin").Prepend("id")) + "\r\n";

    /// <summary>A run as a line of CSV; unknown is empty.</summary>
    public static void Csv(StringBuilder text, ImmutableArray<RunField> columns, RunRow row)
    {
        text.Append(row.Id.ToString("D")).Append(',').Append(RunWords.Of(row.Origin));
        for (var column = 0; column < columns.Length; column++)
        {
            if (columns[column].Name != "origin")
            {
                text.Append(',').Append(Quote(Plain(row.Values[column])));
            }
        }

        text.Append("\r\n");
    }

    /// <summary>The columns that stand beside identity and origin.</summary>
    public static IEnumerable<RunField> Shown(ImmutableArray<RunField> columns) => columns.Where(column => column.Name != "origin");

    /// <summary>A value as plain text.</summary>
    public static string? Plain(object? value) => value switch
    {
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        DateTimeOffset moment => moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture),
        _ => value as string,
    };

    // A text that begins like a formula would be run by a spreadsheet that opens the file; a number may begin with a minus.
    private static string Quote(string? text)
    {
        var safe = text is ['=' or '+' or '-' or '@', ..] && !double.TryParse(text, CultureInfo.InvariantCulture, out _) ? "'" + text : text ?? "";
        return safe.AsSpan().ContainsAny(",\"\r\n") ? "\"" + safe.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : safe;
    }
}
