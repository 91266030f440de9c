using System.Globalization;
using System.Text;
using EnergyTTT.History.Series;

namespace EnergyTTT.Silo.Series;

/// <summary>Series as CSV (RFC 4180): one row per point and series with a value, streamed.</summary>
internal static class SeriesCsv
{
    private const int FlushCharacters = 32 << 10;

    /// <summary>Sends the columns.</summary>
    public static async Task Write(HttpResponse response, SeriesColumns columns, CancellationToken cancellationToken)
    {
        response.ContentType = "text/csv; charset=utf-8";
        var text = new StringBuilder("time,site,rack,host,gpu,label,metric,unit,origin,value\r\n");
        foreach (var series in columns.Series)
        {
            var head = SeriesHead.Of(columns, series);
            var names = string.Join(',', new[] { head.Site, head.Rack, head.Host, head.Gpu, head.Label, head.Metric, head.Unit, Metrics.WireWords.Of(head.Origin) }.Select(Quote));
            for (var point = 0; point < columns.Points; point++)
            {
                if (series.Values[point] is not { } value)
                {
                    continue;
                }

                text.Append(CultureInfo.InvariantCulture, $"{columns.Time(point):yyyy-MM-ddTHH:mm:ssZ},{names},{value:R}\r\n");
                if (text.Length > FlushCharacters)
                {
                    await response.WriteAsync(text.ToString(), cancellationToken);
                    text.Clear();
                }
            }
        }

        await response.WriteAsync(text.ToString(), cancellationToken);
    }

    // A name that begins like a formula would be run by a spreadsheet that opens the file.
    private static string Quote(string? name)
    {
        var safe = name is ['=' or '+' or '-' or '@', ..] ? "'" + name : name ?? "";
        return safe.AsSpan().ContainsAny(",\"\r\n") ? "\"" + safe.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : safe;
    }
}
