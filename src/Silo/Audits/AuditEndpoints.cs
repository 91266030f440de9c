using System.Globalization;
using EnergyTTT.History.Audits;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Audits;

/// <summary><c>GET /v1/audit</c>, for administrators.</summary>
internal static class AuditEndpoints
{
    private const int MostLimit = 1_000;

    /// <summary>Maps the endpoint.</summary>
    public static void MapAudit(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/audit", List)
            .RequireAuthorization(Policies.Administer)
            .WithName("ListAudit")
            .WithTags("Access")
            .WithSummary("Who changed what: the append-only log, newest first, or oldest first with order=oldest; each entry carries the hash of the one before")
            .Produces<AuditPage>()
            .Produces<Problem>(400, "application/problem+json");

    private static async Task<IResult> List(
        string? cursor, int? limit, string? order, string? actor, string? action, string? subject, AuditLog log, CancellationToken cancellationToken)
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

        var entries = await log.Read(new AuditFilter(actor, action, subject), after, order == "oldest", size + 1, cancellationToken);
        List<AuditLine> lines = [.. entries.Take(size).Select(AuditLine.Of)];
        return TypedResults.Json(
            new AuditPage(lines, entries.Count > size ? lines[^1].Number.ToString(CultureInfo.InvariantCulture) : null), AuditJson.Default.AuditPage);
    }
}
