using System.Security.Claims;
using EnergyTTT.History.Alerts;
using EnergyTTT.Silo.Deployments;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using Names = EnergyTTT.Silo.Access.Policies;

namespace EnergyTTT.Silo.Alerts;

/// <summary>Taking alerts on, silences and maintenance windows: for operators, each within the scopes that they are bound to.</summary>
internal static class QuietEndpoints
{
    private static readonly TimeSpan Shown = TimeSpan.FromDays(7);

    public static void MapQuiet(this IEndpointRouteBuilder routes)
    {
        var alerts = routes.MapGroup("/v1/alerts").WithTags("Alerts");
        alerts.MapPost("/acknowledgements", Acknowledge).RequireAuthorization(Names.Operate).WithName("AcknowledgeAlert").WithSummary("Takes an alert on: it is not told again until it is over. Its end is told").Accepts<AcknowledgementRequest>("application/json")
            .Produces(204).Produces<Problem>(403, "application/problem+json").Produces<Problem>(404, "application/problem+json").Produces<Problem>(422, "application/problem+json");
        alerts.MapGet("/silences", Silences).RequireAuthorization(Names.Read).WithName("ListSilences").WithSummary("Silences that are open, to come, or ended in the last seven days").Produces<AlertSilence[]>();
        alerts.MapPost("/silences", Silence).RequireAuthorization(Names.Operate).WithName("AddSilence").WithSummary("Keeps what fits all conditions from being told until a moment").Accepts<SilenceRequest>("application/json")
            .Produces<AlertMade>(201).Produces<Problem>(403, "application/problem+json").Produces<Problem>(422, "application/problem+json");
        alerts.MapDelete("/silences/{id:guid}", End).RequireAuthorization(Names.Operate).WithName("EndSilence").WithSummary("Ends a silence early").Produces(204).Produces<Problem>(403, "application/problem+json").Produces<Problem>(404, "application/problem+json");
        alerts.MapGet("/maintenance", Windows).RequireAuthorization(Names.Read).WithName("ListMaintenanceWindows").WithSummary("Silences that come again and again").Produces<MaintenanceWindow[]>();
        alerts.MapPut("/maintenance/{name}", Put).RequireAuthorization(Names.Operate).WithName("PutMaintenanceWindow").WithSummary("Writes a maintenance window: a cron expression in a time zone").Accepts<MaintenanceWindow>("application/json")
            .Produces(204).Produces<Problem>(403, "application/problem+json").Produces<Problem>(422, "application/problem+json");
        alerts.MapDelete("/maintenance/{name}", Remove).RequireAuthorization(Names.Operate).WithName("DeleteMaintenanceWindow").WithSummary("Removes a maintenance window").Produces(204).Produces<Problem>(403, "application/problem+json").Produces<Problem>(404, "application/problem+json");
    }

    private static async Task<IResult> Acknowledge(HttpContext context, IGrainFactory grains, ClaimsPrincipal user)
    {
        var (request, problem) = await JsonBody.Read(context.Request, WireJson.Default.AcknowledgementRequest, AlertAnswers.MostBytes, context.RequestAborted);
        return problem is not null ? problem.ToResult()
            : AlertAnswers.Of(await AlertAnswers.Grain(grains).Acknowledge(request!, AlertAnswers.Actor(user), context.RequestAborted), $"open alert {request!.Rule} of {request.Instance}", _ => TypedResults.NoContent()); // read without a problem
    }

    private static async Task<IResult> Silences(HttpContext context, QuietStore store, TimeProvider clock) =>
        TypedResults.Json<IReadOnlyList<AlertSilence>>(await store.Silences(clock.GetUtcNow() - Shown, context.RequestAborted), AlertJson.Default.IReadOnlyListAlertSilence);

    private static async Task<IResult> Silence(HttpContext context, IGrainFactory grains, ClaimsPrincipal user)
    {
        var (request, problem) = await JsonBody.Read(context.Request, WireJson.Default.SilenceRequest, AlertAnswers.MostBytes, context.RequestAborted);
        return problem is not null ? problem.ToResult()
            : AlertAnswers.Of(await AlertAnswers.Grain(grains).Silence(request!, AlertAnswers.Actor(user), context.RequestAborted), "silence", made => TypedResults.Json(new AlertMade(made.Id), AlertJson.Default.AlertMade, statusCode: 201)); // read without a problem
    }

    private static async Task<IResult> End(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, Guid id) =>
        AlertAnswers.Of(await AlertAnswers.Grain(grains).EndSilence(id, AlertAnswers.Actor(user), context.RequestAborted), $"open silence {id}", _ => TypedResults.NoContent());

    private static async Task<IResult> Windows(HttpContext context, QuietStore store) =>
        TypedResults.Json<IReadOnlyList<MaintenanceWindow>>(await store.Windows(context.RequestAborted), AlertJson.Default.IReadOnlyListMaintenanceWindow);

    private static async Task<IResult> Put(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, string name)
    {
        var (window, problem) = await JsonBody.Read(context.Request, WireJson.Default.MaintenanceWindow, AlertAnswers.MostBytes, context.RequestAborted);
        return problem is not null ? problem.ToResult()
            : AlertAnswers.Of(await AlertAnswers.Grain(grains).SaveMaintenance(name, window, AlertAnswers.Actor(user), context.RequestAborted), "maintenance window " + name, _ => TypedResults.NoContent());
    }

    private static async Task<IResult> Remove(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, string name) =>
        AlertAnswers.Of(await AlertAnswers.Grain(grains).SaveMaintenance(name, null, AlertAnswers.Actor(user), context.RequestAborted), "maintenance window " + name, _ => TypedResults.NoContent());
}
