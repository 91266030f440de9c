using EnergyTTT.Grains.Policies;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Fleet;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Silo.Gpus;

/// <summary><c>GET /v1/hosts/{host}/power-cap</c>: what an agent asks every few seconds.</summary>
internal static class PowerCapEndpoint
{
    /// <summary>After this long without another answer an agent takes an order for ended.</summary>
    private const double ValidSeconds = 30;

    /// <summary>Maps the endpoint.</summary>
    public static void MapPowerCaps(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/hosts/{host}/power-cap", Get)
            .RequireAuthorization(Policies.Ingest)
            .WithName("GetPowerCap")
            .WithTags("Telemetry")
            .WithSummary("The power cap that policy asks for on a host's GPUs, for its agent")
            .Produces<PowerCapOrder>()
            .Produces<Problem>(403, "application/problem+json");

    private static async Task<IResult> Get(string host, HttpContext context, PolicyBook book, FleetView view, TimeProvider time)
    {
        var grant = Grants.Of(context.User);
        if (!grant.CoversHost(host))
        {
            return new Problem(403, "host_not_in_scope", "The key is not for this host.", $"The key {grant.Id} may not ask for host '{host}'. Make a key for that host.").ToResult();
        }

        // Where the host stands is known from its telemetry; before the first frame only the fleet's and its own policy count.
        var place = (await view.Snapshot(context.RequestAborted)).Gpus.FirstOrDefault(gpu => gpu.Host == host);
        var policy = (await book.Recent(context.RequestAborted)).Hardware(place?.Site, place?.Rack, host, time.GetUtcNow());
        return TypedResults.Json(new PowerCapOrder(host, policy.PowerCapMode, policy.PowerCapRatio, policy.Version, policy.Windows, ValidSeconds), WireJson.Default.PowerCapOrder);
    }
}
