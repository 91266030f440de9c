using System.Security.Claims;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.History.Deployments;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Silo.Series;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Silo.Deployments;

/// <summary>Deployments as people and engines put and read them, and their ledger of joules.</summary>
internal static class DeploymentEndpoints
{
    private const int MostLimit = 500;
    private const int MostBytes = 4 << 20;
    private static readonly TimeSpan LongestLedger = TimeSpan.FromDays(7);

    /// <summary>Maps the endpoints.</summary>
    public static void MapDeployments(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/deployments").WithTags("Steering").RequireAuthorization(Policies.Steer);
        group.MapGet("", List).RequireAuthorization(Policies.Read).WithName("ListDeployments").WithSummary("Deployments by name").Produces<DeploymentPage>();
        group.MapGet("/{id}", One).WithName("GetDeployment").WithSummary("One deployment with its replicas, its epoch and what steering saves").Produces<DeploymentView>().Produces<Problem>(404, "application/problem+json");
        group.MapPut("/{id}", Put).WithName("PutDeployment").WithSummary("Creates or changes a deployment; the same again changes nothing").Accepts<DeploymentDescription>("application/json")
            .Produces<PutDeployment>().Produces<Problem>(400, "application/problem+json").Produces<Problem>(403, "application/problem+json").Produces<Problem>(422, "application/problem+json");
        group.MapGet("/{id}/ledger", Ledger).RequireAuthorization(Policies.Read).WithName("GetLedger").WithSummary("Joules by minute, layer and expert: counter, attributed, idle, residual").Produces<LedgerPage>();
    }

    private static async Task<IResult> List(string? cursor, int? limit, DeploymentStore store, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var size = limit ?? 100;
        if (size is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {size}; 1 to {MostLimit} expected.").ToResult();
        }

        var names = (await store.List(cancellationToken)).Select(stored => stored.Name).Order(StringComparer.Ordinal)
            .SkipWhile(name => cursor is not null && string.CompareOrdinal(name, cursor) <= 0).Take(size + 1).ToList();
        var views = await Task.WhenAll(names.Take(size).Select(name => grains.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(name)).View(cancellationToken)));

        return TypedResults.Json(new DeploymentPage([.. views.OfType<DeploymentView>()], names.Count > size ? names[size - 1] : null), SteeringJson.Default.DeploymentPage);
    }

    private static async Task<IResult> One(string id, ClaimsPrincipal user, IGrainFactory grains, CancellationToken cancellationToken) =>
        DeploymentScope.Refusal(id, user) is { } refusal ? refusal.ToResult()
        : await grains.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(id)).View(cancellationToken) is { } view ? TypedResults.Json(view, SteeringJson.Default.DeploymentView)
        : DeploymentScope.Unknown(id).ToResult();

    private static async Task<IResult> Put(string id, HttpContext context, IGrainFactory grains)
    {
        if (DeploymentScope.Refusal(id, context.User) is { } refusal)
        {
            return refusal.ToResult();
        }

        if (context.User.IsInRole("viewer"))
        {
            return new Problem(403, "forbidden", "You may not change deployments.", "A viewer only looks; an operator, an administrator or the deployment's engine key puts deployments.").ToResult();
        }

        var (description, problem) = await JsonBody.Read(context.Request, WireJson.Default.DeploymentDescription, MostBytes, context.RequestAborted);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        var decision = await grains.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(id)).Describe(description!, context.RequestAborted); // read without a problem
        return decision.Problems.IsEmpty
            ? TypedResults.Json(new PutDeployment(id, decision.Revision), SteeringJson.Default.PutDeployment)
            : DeploymentScope.Refused("The deployment is not acceptable.", decision.Problems).ToResult();
    }

    private static async Task<IResult> Ledger(string id, string? from, string? to, DeploymentStore store, LedgerStore ledgers, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (await store.Find(id, cancellationToken) is not { } stored)
        {
            return DeploymentScope.Unknown(id).ToResult();
        }

        var now = clock.GetUtcNow();
        if (!Times.TryRead(from ?? "now-1h", now, out var start) || !Times.TryRead(to ?? "now", now, out var end) || end <= start || end - start > LongestLedger)
        {
            return new Problem(400, "invalid_range", "The range is not valid.", $"from is '{from}', to is '{to}'; a past time before a later one is expected, such as now-6h, at most {LongestLedger.TotalDays} days apart.").ToResult();
        }

        return TypedResults.Json(new LedgerPage(id, await ledgers.Read(stored.Id, start, end, cancellationToken)), SteeringJson.Default.LedgerPage);
    }
}
