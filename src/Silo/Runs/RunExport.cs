using System.Text;
using System.Text.Json;
using EnergyTTT.History.Runs;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Runs;

/// <summary>All runs that a question finds, in its order and with its columns, as a file. Pages are read one after another, so an export of any size holds one page in memory (Parquet: one row group more).</summary>
internal static class RunExport
{
    private const int PageRuns = RunQuestion.GreatestLimit;

    /// <summary>The formats by name.</summary>
    public static readonly string[] Formats = ["csv", "json", "parquet"];

    /// <summary>Sends it; what is wrong with the question is answered before the first byte.</summary>
    public static async Task Send(HttpContext context, RunReader reader, RunQuestion question, string format, CancellationToken cancellationToken)
    {
        var first = await reader.Read(question with { Limit = PageRuns, Cursor = null }, cancellationToken);
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"runs.{format}\"";
        switch (format)
        {
            case "csv":
                context.Response.ContentType = "text/csv; charset=utf-8";
                await Csv(context.Response, reader, question, first, cancellationToken);
                break;
            case "json":
                context.Response.ContentType = "application/json";
                await Json(context.Response, reader, question, first, cancellationToken);
                break;
            default:
                context.Response.ContentType = Series.SeriesParquet.ContentType;
                await RunParquet.Send(context.Response, Pages(reader, question, first, cancellationToken), first.Columns, cancellationToken);
                break;
        }
    }

    private static async IAsyncEnumerable<RunPage> Pages(RunReader reader, RunQuestion question, RunPage first, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var page = first; ; page = await reader.Read(question with { Limit = PageRuns, Cursor = page.Next }, cancellationToken))
        {
            yield return page;
            if (page.Next is null)
            {
                yield break;
            }
        }
    }

    private static async Task Csv(HttpResponse response, RunReader reader, RunQuestion question, RunPage first, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(RunFormats.CsvHead(first.Columns));
        await foreach (var page in Pages(reader, question, first, cancellationToken))
        {
            foreach (var row in page.Rows)
            {
                RunFormats.Csv(text, page.Columns, row);
            }

            await response.WriteAsync(text.ToString(), cancellationToken);
            text.Clear();
        }
    }

    private static async Task Json(HttpResponse response, RunReader reader, RunQuestion question, RunPage first, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartArray();
        await foreach (var page in Pages(reader, question, first, cancellationToken))
        {
            foreach (var row in page.Rows)
            {
                RunFormats.Write(json, page.Columns, row);
            }

            await json.FlushAsync(cancellationToken);
            await response.BodyWriter.FlushAsync(cancellationToken);
        }

        json.WriteEndArray();
        await json.FlushAsync(cancellationToken);
    }
}
