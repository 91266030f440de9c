using System.Security.Claims;
using EnergyTTT.History.Alerts;
using EnergyTTT.Silo.Deployments;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using Names = EnergyTTT.Silo.Access.Policies;

namespace EnergyTTT.Silo.Alerts;

/// <summary>Who is told, for administrators: the address of a hook often is its secret. What became of messages is for everybody who may look.</summary>
internal static class ContactEndpoints
{
    private const int MostLimit = 500;

    public static void MapContacts(this IEndpointRouteBuilder routes)
    {
        var alerts = routes.MapGroup("/v1/alerts").WithTags("Alerts");
        alerts.MapGet("/contact-points", List).RequireAuthorization(Names.Administer).WithName("ListContactPoints").WithSummary("Who is told; secrets are never among it").Produces<ContactPointView[]>();
        alerts.MapPut("/contact-points/{name}", Put).RequireAuthorization(Names.Administer).WithName("PutContactPoint").WithSummary("Writes a contact point; a new webhook without a secret gets one that is shown this once").Accepts<ContactPointChange>("application/json")
            .Produces<AlertMade>().Produces<Problem>(422, "application/problem+json");
        alerts.MapDelete("/contact-points/{name}", Remove).RequireAuthorization(Names.Administer).WithName("DeleteContactPoint").WithSummary("Removes a contact point; what waits for it is given up").Produces(204).Produces<Problem>(404, "application/problem+json");
        alerts.MapPost("/contact-points/{name}/test", Test).RequireAuthorization(Names.Administer).WithName("TestContactPoint").WithSummary("Sends a test message; /v1/alerts/deliveries says what became of it").Produces<AlertMade>(202).Produces<Problem>(404, "application/problem+json");
        alerts.MapGet("/deliveries", Deliveries).RequireAuthorization(Names.Read).WithName("ListAlertDeliveries").WithSummary("Messages with what became of them, newest first").Produces<AlertDeliveryPage>().Produces<Problem>(400, "application/problem+json");
    }

    private static async Task<IResult> List(HttpContext context, ContactPointStore store) =>
        TypedResults.Json<IReadOnlyList<ContactPointView>>(await store.All(context.RequestAborted), AlertJson.Default.IReadOnlyListContactPointView);

    private static async Task<IResult> Put(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, string name)
    {
        var (change, problem) = await JsonBody.Read(context.Request, WireJson.Default.ContactPointChange, AlertAnswers.MostBytes, context.RequestAborted);
        return problem is not null ? problem.ToResult()
            : AlertAnswers.Of(await AlertAnswers.Grain(grains).SaveContact(name, change, AlertAnswers.Actor(user), context.RequestAborted), "contact point " + name, made => TypedResults.Json(new AlertMade(Secret: made.Secret), AlertJson.Default.AlertMade));
    }

    private static async Task<IResult> Remove(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, string name) =>
        AlertAnswers.Of(await AlertAnswers.Grain(grains).SaveContact(name, null, AlertAnswers.Actor(user), context.RequestAborted), "contact point " + name, _ => TypedResults.NoContent());

    private static async Task<IResult> Test(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, string name) =>
        AlertAnswers.Of(await AlertAnswers.Grain(grains).TestContact(name, AlertAnswers.Actor(user), context.RequestAborted), "contact point " + name, made => TypedResults.Json(new AlertMade(made.Id), AlertJson.Default.AlertMade, statusCode: 202));

    private static async Task<IResult> Deliveries(HttpContext context, NotificationStore store, string? contact_point, int? limit)
    {
        var size = limit ?? 100;
        return size is < 1 or > MostLimit
            ? new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {size}; 1 to {MostLimit} expected.").ToResult()
            : TypedResults.Json(new AlertDeliveryPage(await store.Newest(contact_point?.Replace("\0", "", StringComparison.Ordinal), size, context.RequestAborted)), AlertJson.Default.AlertDeliveryPage);
    }
}
