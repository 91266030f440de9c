using EnergyTTT.History.Series;
using Parquet;
using Parquet.Schema;

namespace EnergyTTT.Silo.Series;

/// <summary>Series as Parquet: one row per point and series with a value, one row group per series.</summary>
internal static class SeriesParquet
{
    /// <summary>The media type.</summary>
    public const string ContentType = "application/vnd.apache.parquet";

    private static readonly DateTimeDataField Time = new("time", DateTimeFormat.DateAndTimeMicros, isAdjustedToUTC: true);
    private static readonly DataField<string> Site = new("site");
    private static readonly DataField<string> Rack = new("rack");
    private static readonly DataField<string> Host = new("host");
    private static readonly DataField<string> Gpu = new("gpu");
    private static readonly DataField<string> Label = new("label");
    private static readonly DataField<string> Metric = new("metric");
    private static readonly DataField<string> Unit = new("unit");
    private static readonly DataField<string> Origin = new("origin");
    private static readonly DataField<double> Value = new("value");
    private static readonly ParquetSchema Schema = new(Time, Site, Rack, Host, Gpu, Label, Metric, Unit, Origin, Value);

    /// <summary>Sends the columns. The format ends with its index, so the file is put together first.</summary>
    public static async Task Write(HttpResponse response, SeriesColumns columns, CancellationToken cancellationToken)
    {
        using var file = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(Schema, file, cancellationToken: cancellationToken))
        {
            foreach (var series in columns.Series)
            {
                await WriteGroup(writer, columns, series, cancellationToken);
            }
        }

        response.ContentType = ContentType;
        response.ContentLength = file.Length;
        file.Position = 0;
        await file.CopyToAsync(response.Body, cancellationToken);
    }

    private static async Task WriteGroup(ParquetWriter writer, SeriesColumns columns, History.Series.Series series, CancellationToken cancellationToken)
    {
        var points = Enumerable.Range(0, columns.Points).Where(point => series.Values[point] is not null).ToArray();
        var head = SeriesHead.Of(columns, series);
        using var group = writer.CreateRowGroup();
        await group.WriteAsync<DateTime>(Time, Array.ConvertAll(points, point => columns.Time(point).UtcDateTime), cancellationToken: cancellationToken);
        foreach (var (field, text) in new[] { (Site, head.Site), (Rack, head.Rack), (Host, head.Host), (Gpu, head.Gpu), (Label, head.Label), (Metric, head.Metric), (Unit, head.Unit), (Origin, Metrics.WireWords.Of(head.Origin)) })
        {
            cancellationToken.ThrowIfCancellationRequested();
            await group.WriteAsync(field, Enumerable.Repeat(text, points.Length).ToArray());
        }

        await group.WriteAsync<double>(Value, Array.ConvertAll(points, point => series.Values[point]!.Value), cancellationToken: cancellationToken); // the points were chosen for having one
    }
}
