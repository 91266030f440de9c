using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Fleet;

/// <summary><c>GET /v1/fleet</c>.</summary>
internal static class FleetEndpoint
{
    /// <summary>Maps the endpoint.</summary>
    public static void MapFleet(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/fleet", async (string? scope, FleetView view, TimeProvider time, CancellationToken cancellationToken) =>
            FleetScope.TryParse(scope, out var parsed, out var fault)
                ? TypedResults.Json(FleetColumns.Of(await view.Snapshot(cancellationToken), parsed, time.GetUtcNow()), FleetJson.Default.FleetColumns)
                : new Problem(400, "invalid_scope", "The scope is not understood.", fault).ToResult())
            .RequireAuthorization(Policies.Read)
            .WithName("GetFleet")
            .WithTags("Fleet")
            .WithSummary("The current snapshot in columns: every known GPU of the scope with its latest readings and their age")
            .WithDescription("scope is made of pairs, such as site/ams/rack/r07 or host/host-3; empty is the whole fleet.")
            .Produces<FleetColumns>()
            .Produces<Problem>(400, "application/problem+json");
}
