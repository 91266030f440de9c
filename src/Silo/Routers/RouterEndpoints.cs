using EnergyTTT.Contracts.Routers;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Routers;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Deployments;
using EnergyTTT.Silo.Problems;
using Orleans.Concurrency;

namespace EnergyTTT.Silo.Routers;

/// <summary>One router: what it knows, its epochs, its time machine, and why a token goes where it goes.</summary>
internal static class RouterEndpoints
{
    private const int MostLimit = 500;
    private const int MostBytes = 4 << 10;

    /// <summary>Maps the endpoints.</summary>
    public static void MapRouters(this IEndpointRouteBuilder routes)
    {
        var reads = routes.MapGroup("/v1/routers/{deployment}/{layer:int}").WithTags("Routers").RequireAuthorization(Policies.Read);
        reads.MapGet("", View).WithName("GetRouter").WithSummary("What the router of a layer knows and does").Produces<RouterView>().Produces<Problem>(404, "application/problem+json");
        reads.MapGet("/epochs", Epochs).WithName("ListEpochs").WithSummary("Epochs of the layer, newest first").Produces<EpochPage>();
        reads.MapGet("/snapshots", Snapshots).WithName("ListSnapshots").WithSummary("Kept snapshots of the fast weights").Produces<SnapshotPage>();
        reads.MapGet("/compare", Compare).WithName("CompareSnapshots").WithSummary("How far apart two snapshots are").Produces<SnapshotComparison>().Produces<Problem>(404, "application/problem+json");
        reads.MapGet("/samples", Samples).WithName("ListSamples").WithSummary("Gate samples that can be explained").Produces<SamplePage>();
        reads.MapGet("/explain", Explain).WithName("ExplainRoute").WithSummary("Why the row of a gate sample goes where it goes").Produces<RouteExplanation>().Produces<Problem>(404, "application/problem+json");
        var writes = routes.MapGroup("/v1/routers/{deployment}/{layer:int}").WithTags("Routers").RequireAuthorization(Policies.Operate);
        writes.MapPost("/restore", Restore).WithName("RestoreSnapshot").WithSummary("Goes back to a snapshot").Accepts<RestoreRequest>("application/json").Produces(204).Produces<Problem>(409, "application/problem+json");
        writes.MapPost("/freeze", Freeze).WithName("FreezeRouter").WithSummary("Stops or resumes learning").Accepts<FreezeRequest>("application/json").Produces(204);
        writes.MapPost("/snapshots", TakeSnapshot).WithName("TakeSnapshot").WithSummary("Takes a snapshot now").Produces(204).Produces<Problem>(409, "application/problem+json");
        writes.MapPost("/fork", Fork).WithName("ForkRouter").WithSummary("Gives a snapshot to a router of another deployment of the same model and shape").Accepts<ForkRequest>("application/json").Produces(204).Produces<Problem>(409, "application/problem+json");
    }

    private static async Task<IResult> View(string deployment, int layer, DeploymentStore store, IGrainFactory grains, CancellationToken cancellationToken) =>
        await Missing(deployment, layer, store, cancellationToken) is { } missing ? missing.ToResult() : TypedResults.Json(await Router(deployment, layer, grains).View(cancellationToken), SteeringJson.Default.RouterView);

    private static async Task<IResult> Epochs(string deployment, int layer, long? before, int? limit, DeploymentStore store, EpochStore epochs, CancellationToken cancellationToken)
    {
        var size = limit ?? 100;
        if (size is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {size}; 1 to {MostLimit} expected.").ToResult();
        }

        if (await Missing(deployment, layer, store, cancellationToken) is { } missing)
        {
            return missing.ToResult();
        }

        var stored = await store.Find(deployment, cancellationToken);
        var page = await epochs.List(stored!.Id, layer, before ?? long.MaxValue, size, cancellationToken); // it is not missing
        return TypedResults.Json(new EpochPage(page, page.Length == size ? page[^1].Epoch : null), SteeringJson.Default.EpochPage);
    }

    private static async Task<IResult> Snapshots(string deployment, int layer, DeploymentStore store, SnapshotStore snapshots, CancellationToken cancellationToken)
    {
        if (await Missing(deployment, layer, store, cancellationToken) is { } missing)
        {
            return missing.ToResult();
        }

        var stored = await store.Find(deployment, cancellationToken);
        return TypedResults.Json(new SnapshotPage(await snapshots.List(stored!.Id, layer, cancellationToken)), SteeringJson.Default.SnapshotPage); // it is not missing
    }

    private static async Task<IResult> Compare(string deployment, int layer, long left, long right, IGrainFactory grains, CancellationToken cancellationToken) =>
        await Router(deployment, layer, grains).Compare(left, right, cancellationToken) is { } comparison
            ? TypedResults.Json(comparison, SteeringJson.Default.SnapshotComparison)
            : new Problem(404, "snapshot_unknown", "A snapshot is not kept.", $"Snapshots {left} and {right} of {deployment}/{layer} are not both kept and readable: GET .../snapshots lists what is.").ToResult();

    private static async Task<IResult> Samples(string deployment, int layer, IGrainFactory grains, CancellationToken cancellationToken) =>
        TypedResults.Json(new SamplePage(await Router(deployment, layer, grains).Samples(cancellationToken)), SteeringJson.Default.SamplePage);

    private static async Task<IResult> Explain(string deployment, int layer, string? replica, long? chunk, int? row, IGrainFactory grains, CancellationToken cancellationToken) =>
        await Router(deployment, layer, grains).Explain(replica, chunk, row ?? 0, cancellationToken) is { } explanation
            ? TypedResults.Json(explanation, SteeringJson.Default.RouteExplanation)
            : new Problem(404, "sample_unknown", "That row is not kept.", "GET .../samples lists the chunks and rows that can be explained; engines that send no gate_sample have none.").ToResult();

    private static async Task<IResult> Restore(string deployment, int layer, HttpContext context, IGrainFactory grains)
    {
        var (request, problem) = await JsonBody.Read(context.Request, SteeringJson.Default.RestoreRequest, MostBytes, context.RequestAborted);
        return problem is not null ? problem.ToResult() : Done(await Router(deployment, layer, grains).Restore(request!.Snapshot, context.RequestAborted)); // read without a problem
    }

    private static async Task<IResult> Freeze(string deployment, int layer, HttpContext context, DeploymentStore store, IGrainFactory grains)
    {
        var (request, problem) = await JsonBody.Read(context.Request, SteeringJson.Default.FreezeRequest, MostBytes, context.RequestAborted);
        if ((problem ?? await Missing(deployment, layer, store, context.RequestAborted)) is { } wrong)
        {
            return wrong.ToResult();
        }

        await Router(deployment, layer, grains).Freeze(request!.Frozen, context.RequestAborted); // read without a problem
        return TypedResults.NoContent();
    }

    private static async Task<IResult> TakeSnapshot(string deployment, int layer, IGrainFactory grains, CancellationToken cancellationToken) =>
        Done(await Router(deployment, layer, grains).Snapshot("manual", promoted: true, cancellationToken) is null ? "the strategy in force has no fast weights" : null);

    private static async Task<IResult> Fork(string deployment, int layer, HttpContext context, DeploymentStore store, SnapshotStore snapshots, IGrainFactory grains)
    {
        var (request, problem) = await JsonBody.Read(context.Request, SteeringJson.Default.ForkRequest, MostBytes, context.RequestAborted);
        if ((problem ?? await Missing(deployment, layer, store, context.RequestAborted) ?? await Missing(request!.Deployment, request.Layer, store, context.RequestAborted)) is { } wrong) // read without a problem
        {
            return wrong.ToResult();
        }

        var source = await store.Find(deployment, context.RequestAborted);
        return await snapshots.Read(source!.Id, layer, request!.Snapshot, context.RequestAborted) is { } snapshot // neither is missing
            ? Done(await Router(request.Deployment, request.Layer, grains).Adopt(snapshot.Weights.AsImmutable(), snapshot.Entry.Sidecar, context.RequestAborted))
            : Done($"there is no snapshot {request.Snapshot}");
    }

    private static IResult Done(string? refusal) => refusal is null ? TypedResults.NoContent() : new Problem(409, "snapshot_refused", "The snapshot was not taken over.", refusal).ToResult();

    private static IRouterGrain Router(string deployment, int layer, IGrainFactory grains) => grains.GetGrain<IRouterGrain>(IRouterGrain.KeyOf(deployment, layer));

    private static async Task<Problem?> Missing(string deployment, int layer, DeploymentStore store, CancellationToken cancellationToken) =>
        await store.Find(deployment, cancellationToken) is not { } stored ? DeploymentScope.Unknown(deployment)
        : layer < 0 || layer >= stored.Description.Layers ? new Problem(404, "layer_unknown", "The deployment has no such layer.", $"layer is {layer}; '{deployment}' has 0 to {stored.Description.Layers - 1}.")
        : null;
}
