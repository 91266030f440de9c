using System.Globalization;
using System.Text;
using System.Text.Json;
using EnergyTTT.History.Audits;

namespace EnergyTTT.Silo.Audits;

/// <summary>All entries that a filter finds, oldest first, as a file: page after page, so that an export of any size holds one page in memory.</summary>
internal static class AuditExport
{
    private const int PageSize = 1_000;

    /// <summary>The formats by name.</summary>
    public static readonly string[] Formats = ["csv", "json"];

    /// <summary>Sends it.</summary>
    public static async Task Send(HttpContext context, AuditLog log, AuditFilter filter, string format, CancellationToken cancellationToken)
    {
        var isCsv = format == "csv";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"audit.{format}\"";
        context.Response.ContentType = isCsv ? "text/csv; charset=utf-8" : "application/json; charset=utf-8";
        await context.Response.WriteAsync(isCsv ? "number,time,actor,action,subject,detail,previous_sha256,sha256\r\n" : "[", cancellationToken);
        var after = 0L;
        var isFirst = true;
        while (await log.Read(filter, after, oldestFirst: true, PageSize, cancellationToken) is { Count: > 0 } page)
        {
            var text = new StringBuilder();
            foreach (var line in page.Select(AuditLine.Of))
            {
                if (isCsv)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{line.Number},{line.Time.UtcDateTime:O},{Cell(line.Actor)},{Cell(line.Action)},{Cell(line.Subject)},{Cell(line.Detail)},{line.PreviousSha256},{line.Sha256}\r\n");
                }
                else
                {
                    text.Append(isFirst ? "\n" : ",\n").Append(JsonSerializer.Serialize(line, AuditJson.Default.AuditLine));
                }

                isFirst = false;
            }

            await context.Response.WriteAsync(text.ToString(), cancellationToken);
            after = page[^1].Number;
        }

        if (!isCsv)
        {
            await context.Response.WriteAsync("\n]\n", cancellationToken);
        }
    }

    // A text that a spreadsheet would take for a formula is led by an apostrophe (OWASP: CSV injection).
    private static string Cell(string text)
    {
        var safe = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + text : text;
        return "\"" + safe.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }
}
