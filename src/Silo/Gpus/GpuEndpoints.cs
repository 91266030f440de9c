using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Fleet;
using EnergyTTT.Silo.Problems;
using Microsoft.AspNetCore.Mvc;

namespace EnergyTTT.Silo.Gpus;

/// <summary><c>GET /v1/gpus</c> and <c>GET /v1/gpus/{id}</c>.</summary>
internal static class GpuEndpoints
{
    private const int DefaultLimit = 100;
    private const int MostLimit = 1_000;

    /// <summary>Maps the endpoints.</summary>
    public static void MapGpus(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/gpus", List)
            .RequireAuthorization(Policies.Read)
            .WithName("ListGpus")
            .WithTags("Fleet")
            .WithSummary("Known GPUs with their latest frame, by identity")
            .Produces<GpuPage>()
            .Produces<Problem>(400, "application/problem+json");
        routes.MapGet("/v1/gpus/{id}", One)
            .RequireAuthorization(Policies.Read)
            .WithName("GetGpu")
            .WithTags("Fleet")
            .WithSummary("One GPU with its sensor passport, its forecast and the forecast's own error")
            .Produces<GpuView>()
            .Produces<Problem>(404, "application/problem+json");
    }

    private static async Task<IResult> List([AsParameters] GpuQuery query, FleetView view, TimeProvider time, CancellationToken cancellationToken)
    {
        var limit = query.Limit ?? DefaultLimit;
        if (limit is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {limit}; 1 to {MostLimit} expected.").ToResult();
        }

        var now = time.GetUtcNow();
        var snapshot = await view.Snapshot(cancellationToken);
        List<GpuState> page = [.. snapshot.Gpus
            .Where(query.Holds)
            .OrderBy(state => state.Gpu.Value, StringComparer.Ordinal)
            .SkipWhile(state => query.Cursor is not null && string.CompareOrdinal(state.Gpu.Value, query.Cursor) <= 0)
            .Take(limit + 1)];
        var more = page.Count > limit;
        var shown = page.Take(limit).Select(state => GpuView.Of(state, now, whole: false)).ToList();
        return TypedResults.Json(new GpuPage(shown, more ? shown[^1].Gpu.Value : null), GpuJson.Default.GpuPage);
    }

    private static async Task<IResult> One(string id, FleetView view, TimeProvider time, CancellationToken cancellationToken)
    {
        var snapshot = await view.Snapshot(cancellationToken);
        var state = snapshot.Gpus.FirstOrDefault(it => it.Gpu.Value == id);
        return state is null
            ? new Problem(404, "gpu_unknown", "The GPU is not known.", "No frame of a GPU with this identity was ever accepted.").ToResult()
            : TypedResults.Json(GpuView.Of(state, time.GetUtcNow(), whole: true), GpuJson.Default.GpuView);
    }
}

/// <summary>What a list of GPUs is narrowed down to.</summary>
/// <param name="Site">Only this site.</param>
/// <param name="Rack">Only this rack.</param>
/// <param name="Host">Only this host.</param>
/// <param name="Model">Only models that contain this text, upper and lower case alike.</param>
/// <param name="State">Only this state.</param>
/// <param name="Cursor">Where the page before ended.</param>
/// <param name="Limit">GPUs on one page, 1 to 1,000; 100 when not given.</param>
internal sealed record GpuQuery(
    [FromQuery(Name = "site")] string? Site,
    [FromQuery(Name = "rack")] string? Rack,
    [FromQuery(Name = "host")] string? Host,
    [FromQuery(Name = "model")] string? Model,
    [FromQuery(Name = "state")] string? State,
    [FromQuery(Name = "cursor")] string? Cursor,
    [FromQuery(Name = "limit")] int? Limit)
{
    /// <summary>Whether the GPU is in the list.</summary>
    public bool Holds(GpuState gpu) =>
        (Site is null || Site == gpu.Site)
        && (Rack is null || Rack == gpu.Rack)
        && (Host is null || Host == gpu.Host)
        && (Model is null || gpu.Description?.Model?.Contains(Model, StringComparison.OrdinalIgnoreCase) == true)
        && (State is null || State == gpu.Description?.State);
}
