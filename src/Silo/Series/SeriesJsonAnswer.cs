using System.Text.Json;
using EnergyTTT.History.Series;

namespace EnergyTTT.Silo.Series;

/// <summary>Series as JSON: the times once, then one column of values per series; null where no sensor spoke.</summary>
internal static class SeriesJsonAnswer
{
    private const int FlushBytes = 64 << 10;

    /// <summary>Sends the columns.</summary>
    public static async Task Write(HttpResponse response, SeriesColumns columns, CancellationToken cancellationToken)
    {
        response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteString("metric", columns.Metric.Name);
        writer.WriteString("unit", columns.Metric.Unit);
        writer.WriteNumber("points", columns.Points);
        writer.WriteNumber("step_seconds", columns.Step.TotalSeconds);
        writer.WriteString("from", columns.From);
        writer.WriteString("to", columns.To);
        writer.WriteStartArray("times");
        for (var point = 0; point < columns.Points; point++)
        {
            writer.WriteStringValue(columns.Time(point));
        }

        writer.WriteEndArray();
        writer.WriteStartArray("series");
        foreach (var series in columns.Series)
        {
            WriteSeries(writer, columns, series);
            if (writer.BytesPending > FlushBytes)
            {
                await writer.FlushAsync(cancellationToken);
                await response.BodyWriter.FlushAsync(cancellationToken);
            }
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        await writer.FlushAsync(cancellationToken);
        await response.BodyWriter.FlushAsync(cancellationToken);
    }

    private static void WriteSeries(Utf8JsonWriter writer, SeriesColumns columns, History.Series.Series series)
    {
        writer.WriteStartObject();
        foreach (var property in JsonSerializer.SerializeToElement(SeriesHead.Of(columns, series), SeriesJson.Default.SeriesHead).EnumerateObject())
        {
            property.WriteTo(writer);
        }

        writer.WriteStartArray("values");
        foreach (var value in series.Values)
        {
            if (value is { } known)
            {
                writer.WriteNumberValue(known);
            }
            else
            {
                writer.WriteNullValue();
            }
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
