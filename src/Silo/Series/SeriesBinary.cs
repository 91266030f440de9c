using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text.Json;
using EnergyTTT.History.Series;

namespace EnergyTTT.Silo.Series;

/// <summary>
/// Series as bytes that a chart can use in place: little-endian uint32 with the length of a UTF-8 JSON header (padded with spaces so
/// that what follows stands on a multiple of 8), then float64 times in Unix seconds, then float64 values per series; NaN is "no data".
/// </summary>
internal static class SeriesBinary
{
    /// <summary>The media type.</summary>
    public const string ContentType = "application/vnd.energyttt.columns";

    /// <summary>Sends the columns.</summary>
    public static async Task Write(HttpResponse response, SeriesColumns columns, CancellationToken cancellationToken)
    {
        response.ContentType = ContentType;
        var header = Header(columns);
        response.ContentLength = header.Length + (8L * columns.Points * (columns.Series.Length + 1));
        response.BodyWriter.Write(header);
        WriteColumn(response.BodyWriter, columns.Points, point => (columns.Time(point) - DateTimeOffset.UnixEpoch).TotalSeconds);
        foreach (var series in columns.Series)
        {
            WriteColumn(response.BodyWriter, columns.Points, point => series.Values[point] ?? double.NaN);
            await response.BodyWriter.FlushAsync(cancellationToken);
        }

        await response.BodyWriter.FlushAsync(cancellationToken);
    }

    private static byte[] Header(SeriesColumns columns)
    {
        var head = new SeriesHeader(columns.Points, columns.Step.TotalSeconds, columns.From, columns.To, [.. columns.Series.Select(series => SeriesHead.Of(columns, series))]);
        var json = JsonSerializer.SerializeToUtf8Bytes(head, SeriesJson.Default.SeriesHeader);
        var padded = (json.Length + 4 + 7) / 8 * 8;
        var bytes = new byte[padded];
        bytes.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)(padded - 4));
        json.CopyTo(bytes, 4);
        return bytes;
    }

    private static void WriteColumn(PipeWriter writer, int points, Func<int, double> value)
    {
        const int block = 512;
        for (var start = 0; start < points; start += block)
        {
            var count = Math.Min(block, points - start);
            var span = writer.GetSpan(8 * count);
            for (var i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteDoubleLittleEndian(span[(8 * i)..], value(start + i));
            }

            writer.Advance(8 * count);
        }
    }
}
