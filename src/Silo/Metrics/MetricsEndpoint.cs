using System.Net;
using System.Text;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Fleet;
using EnergyTTT.Silo.Problems;
using Microsoft.AspNetCore.Authorization;

namespace EnergyTTT.Silo.Metrics;

/// <summary><c>GET /metrics</c> for Prometheus.</summary>
internal static class MetricsEndpoint
{
    /// <summary>After this long without a frame a GPU's readings are left out; its energy and its age stay.</summary>
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(1);

    /// <summary>Maps the endpoint. A scraper on this very machine needs no key; any other needs one that may read.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", Get)
            .WithName("GetMetrics")
            .WithTags("Operations")
            .WithSummary("Prometheus exposition: text 0.0.4, or OpenMetrics when the Accept header asks for it")
            .Produces<string>(200, "text/plain");

    private static async Task<IResult> Get(HttpContext context, FleetView view, IGrainFactory grains, ProcessMetrics process, MeterTotals totals, TimeProvider time, IAuthorizationService authorization, CancellationToken cancellationToken)
    {
        if (!IsLocal(context) && !(await authorization.AuthorizeAsync(context.User, Policies.Read)).Succeeded)
        {
            return new Problem(401, "key_missing", "A key is needed.", "Scrapers on other machines send Authorization: Bearer with a key of the role viewer.").ToResult();
        }

        var openMetrics = context.Request.Headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);
        var page = new Exposition(openMetrics);
        GpuMetrics.Write(page, (await view.Snapshot(cancellationToken)).Gpus, time.GetUtcNow(), StaleAfter);
        AlertMetrics.Write(page, await grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key).Counts(cancellationToken));
        process.Write(page);
        totals.Write(page);
        return TypedResults.Bytes(Encoding.UTF8.GetBytes(page.Finish()), openMetrics ? Exposition.OpenMetricsContentType : Exposition.TextContentType);
    }

    // Behind a reverse proxy every caller looks local; a proxy says for whom it asks.
    private static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && !context.Request.Headers.ContainsKey("X-Forwarded-For") && !context.Request.Headers.ContainsKey("Forwarded");
}
