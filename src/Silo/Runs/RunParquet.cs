using System.Collections.Immutable;
using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;
using Parquet;
using Parquet.Schema;

namespace EnergyTTT.Silo.Runs;

/// <summary>Runs as Parquet: a row group per page. Numbers and moments keep their types; a field that may be anything is a text.</summary>
internal static class RunParquet
{
    /// <summary>Sends the pages. The format ends with its index, so the file is put together first.</summary>
    public static async Task Send(HttpResponse response, IAsyncEnumerable<RunPage> pages, ImmutableArray<RunField> columns, CancellationToken cancellationToken)
    {
        var id = new DataField<string>("id");
        var origin = new DataField<string>("origin");
        var shown = RunFormats.Shown(columns).ToList();
        var fields = shown.ConvertAll(column => (Column: column, Data: Field(column)));
        var schema = new ParquetSchema([id, origin, .. fields.Select(field => field.Data)]);
        using var file = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(schema, file, cancellationToken: cancellationToken))
        {
            await foreach (var page in pages)
            {
                using var group = writer.CreateRowGroup();
                await group.WriteAsync(id, page.Rows.Select(row => row.Id.ToString("D")).ToArray());
                await group.WriteAsync(origin, page.Rows.Select(row => RunWords.Of(row.Origin)).ToArray());
                foreach (var (column, data) in fields)
                {
                    await Write(group, column, data, [.. page.Rows.Select(row => row.Values[page.Columns.IndexOf(column)])], cancellationToken);
                }
            }
        }

        response.ContentLength = file.Length;
        file.Position = 0;
        await file.CopyToAsync(response.Body, cancellationToken);
    }

    private static DataField Field(RunField column) => column.Kind switch
    {
        RunFieldKind.Number => new DataField<double?>(column.Name),
        RunFieldKind.Moment => new DateTimeDataField(column.Name, DateTimeFormat.DateAndTimeMicros, isAdjustedToUTC: true, isNullable: true),
        _ => new DataField<string>(column.Name),
    };

    private static async Task Write(ParquetRowGroupWriter group, RunField column, DataField field, object?[] values, CancellationToken cancellationToken)
    {
        switch (column.Kind)
        {
            case RunFieldKind.Number:
                await group.WriteAsync<double>(field, Array.ConvertAll(values, value => value as double?), cancellationToken: cancellationToken);
                break;
            case RunFieldKind.Moment:
                await group.WriteAsync<DateTime>(field, Array.ConvertAll(values, value => (value as DateTimeOffset?)?.UtcDateTime), cancellationToken: cancellationToken);
                break;
            default:
                cancellationToken.ThrowIfCancellationRequested();
                await group.WriteAsync(field, Array.ConvertAll(values, RunFormats.Plain));
                break;
        }
    }
}
