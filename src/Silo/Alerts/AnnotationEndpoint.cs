using EnergyTTT.History.Annotations;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Silo.Series;
using EnergyTTT.Wire.Policies;
using Names = EnergyTTT.Silo.Access.Policies;

namespace EnergyTTT.Silo.Alerts;

/// <summary><c>GET /v1/annotations</c>: what happened in a range, for the charts.</summary>
internal static class AnnotationEndpoint
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    public static void MapAnnotations(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/annotations", Get).RequireAuthorization(Names.Read).WithName("ListAnnotations").WithTags("History")
            .WithSummary("What happened in a range, oldest first: policy versions, rollouts, runs, throttling, alerts; kind chooses some, scope those that belong to it")
            .Produces<AnnotationPage>().Produces<Problem>(400, "application/problem+json");

    private static async Task<IResult> Get(HttpContext context, AnnotationReader reader, TimeProvider clock, string? from, string? to, string? scope, string? gpu, string? kind)
    {
        var now = clock.GetUtcNow();
        if (!Times.TryRead(from ?? "now-6h", now, out var start) || !Times.TryRead(to ?? "now", now, out var end) || end <= start || end - start > Longest)
        {
            return new Problem(400, "invalid_range", "The range is not valid.", $"from is '{from}', to is '{to}'; times such as 2026-11-23T08:00:00Z or now-7d expected, at most 366 days apart.").ToResult();
        }

        if (scope is not null && !PolicyScopes.IsScope(scope))
        {
            return new Problem(400, "invalid_scope", "That is no scope.", $"'{scope}' is none; fleet, or site/, rack/, host/ or deployment/ with a name.").ToResult();
        }

        var kinds = (kind ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (kinds.Except(AnnotationReader.Kinds, StringComparer.Ordinal).ToList() is { Count: > 0 } unknown)
        {
            return new Problem(400, "invalid_filter", "The filter cannot be.", $"kind is '{string.Join(", ", unknown)}'; {string.Join(", ", AnnotationReader.Kinds)} expected, with commas between several.").ToResult();
        }

        var found = await reader.Read(new(start, end, scope, gpu?.Replace("\0", "", StringComparison.Ordinal), [.. kinds]), context.RequestAborted);
        return TypedResults.Json(new AnnotationPage([.. found.Take(AnnotationReader.Most)], found.Count > AnnotationReader.Most), AlertJson.Default.AnnotationPage);
    }
}
