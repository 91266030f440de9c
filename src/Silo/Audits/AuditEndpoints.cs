using System.Globalization;
using EnergyTTT.History.Audits;
using EnergyTTT.Portal.Audits;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Silo.Series;

namespace EnergyTTT.Silo.Audits;

/// <summary><c>GET /v1/audit</c>, its export and the state of its chain, for administrators.</summary>
internal static class AuditEndpoints
{
    private const int MostLimit = 1_000;

    /// <summary>Maps the endpoints.</summary>
    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var audit = routes.MapGroup("/v1/audit").RequireAuthorization(Policies.Administer).WithTags("Access");
        audit.MapGet("", List)
            .WithName("ListAudit")
            .WithSummary("Who changed what: the append-only log, newest first, or oldest first with order=oldest; each entry carries the hash of the one before; a star ends a filter")
            .Produces<AuditPage>()
            .Produces<Problem>(400, "application/problem+json");
        audit.MapGet("/export", Export)
            .WithName("ExportAudit")
            .WithSummary("The same as a file, oldest first: format=csv or json")
            .Produces<AuditLine[]>(200, "application/json", "text/csv")
            .Produces<Problem>(400, "application/problem+json");
        audit.MapGet("/verify", Verify)
            .WithName("VerifyAudit")
            .WithSummary("Follows the chain from the first entry, at most 20 seconds ago: whole, or the first entry that does not follow")
            .Produces<AuditState>();
    }

    private static async Task<IResult> Export(
        HttpContext context, string? format, string? actor, string? action, string? subject, string? from, string? to, AuditLog log, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!AuditExport.Formats.Contains(format ?? "json"))
        {
            return new Problem(400, "invalid_format", "The format is none.", $"format is '{format}'; {string.Join(" or ", AuditExport.Formats)} expected.").ToResult();
        }

        if (Filter(actor, action, subject, from, to, time.GetUtcNow(), out var filter) is { } problem)
        {
            return problem.ToResult();
        }

        await AuditExport.Send(context, log, filter, format ?? "json", cancellationToken);
        return TypedResults.Empty;
    }

    private static async Task<IResult> Verify(AuditWatch watch, CancellationToken cancellationToken)
    {
        var verdict = await watch.Look(cancellationToken);
        return TypedResults.Json(new AuditState(verdict.BrokenAt is null, verdict.Entries, verdict.Head, verdict.BrokenAt, verdict.Fault, verdict.At), AuditJson.Default.AuditState);
    }

    private static Problem? Filter(string? actor, string? action, string? subject, string? from, string? to, DateTimeOffset now, out AuditFilter filter)
    {
        filter = new AuditFilter(actor, action, subject);
        DateTimeOffset start = default, end = default;
        if ((from is not null && !Times.TryRead(from, now, out start)) || (to is not null && !Times.TryRead(to, now, out end)))
        {
            return new Problem(400, "invalid_range", "The range is not valid.", $"from is '{from}', to is '{to}'; times such as 2026-11-23T08:00:00Z or now-7d expected.");
        }

        // PostgreSQL knows no character of value 0.
        if (new[] { actor, action, subject }.Any(text => text?.Contains('\0', StringComparison.Ordinal) == true))
        {
            return new Problem(400, "invalid_filter", "The filter cannot be.", "actor, action and subject are texts without a character of value 0.");
        }

        filter = filter with { From = from is null ? null : start, To = to is null ? null : end };
        return null;
    }

    private static async Task<IResult> List(
        string? cursor, int? limit, string? order, string? actor, string? action, string? subject, string? from, string? to, AuditLog log, TimeProvider time, CancellationToken cancellationToken)
    {
        var size = limit ?? 100;
        if (size is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {size}; 1 to {MostLimit} expected.").ToResult();
        }

        if (order is not (null or "newest" or "oldest"))
        {
            return new Problem(400, "invalid_order", "The order is none.", $"order is '{order}'; newest or oldest expected.").ToResult();
        }

        long? after = null;
        if (cursor is not null)
        {
            if (!long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return new Problem(400, "invalid_cursor", "The cursor is none of ours.", $"cursor is '{cursor}'; what an earlier page gave expected.").ToResult();
            }

            after = number;
        }

        if (Filter(actor, action, subject, from, to, time.GetUtcNow(), out var filter) is { } problem)
        {
            return problem.ToResult();
        }

        var entries = await log.Read(filter, after, order == "oldest", size + 1, cancellationToken);
        List<AuditLine> lines = [.. entries.Take(size).Select(AuditLine.Of)];
        return TypedResults.Json(
            new AuditPage(lines, entries.Count > size ? lines[^1].Number.ToString(CultureInfo.InvariantCulture) : null), AuditJson.Default.AuditPage);
    }
}
