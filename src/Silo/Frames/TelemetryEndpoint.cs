using System.Buffers;
using System.Globalization;
using System.Text.Json;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.Silo.Frames;

/// <summary>
/// <c>POST /v1/telemetry</c>: bytes in, receipt out. It is the first thing in the pipeline: what pages need (cookies, cultures, forms,
/// limits per person) costs a batch of eight frames more than its frames do.
/// </summary>
internal static partial class TelemetryEndpoint
{
    private const string Path = "/v1/telemetry";

    /// <summary>Takes batches before any other middleware sees them.</summary>
    public static void UseTelemetry(this IApplicationBuilder app) => app.Use((context, next) =>
        HttpMethods.IsPost(context.Request.Method) && context.Request.Path == Path ? Post(context) : next(context));

    /// <summary>Maps the endpoint for the description of the API and for other methods, and the quarantine.</summary>
    public static void MapTelemetry(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, (Delegate)Post)
            .RequireAuthorization(Policies.Ingest)
            .WithName("PostTelemetry")
            .WithTags("Telemetry")
            .WithSummary("A host's frames; answered only after the commit")
            .WithDescription("Good frames are kept when others are bad; what was refused is listed by index, field and code. The same frame again, by GPU, boot and sequence, is a duplicate and changes nothing.")
            .Accepts<TelemetryBatch>("application/json")
            .Produces<TelemetryReceipt>()
            .Produces<Problem>(400, "application/problem+json")
            .Produces<Problem>(401, "application/problem+json")
            .Produces<Problem>(403, "application/problem+json")
            .Produces<Problem>(413, "application/problem+json")
            .Produces<Problem>(415, "application/problem+json")
            .Produces<Problem>(422, "application/problem+json")
            .Produces<Problem>(429, "application/problem+json");
        routes.MapGet(Path + "/quarantine", (Quarantine quarantine) => TypedResults.Json(quarantine.Kept(), QuarantineJson.Default.IReadOnlyListQuarantinedFrame))
            .RequireAuthorization(Policies.Read)
            .WithName("GetQuarantine")
            .WithTags("Telemetry")
            .WithSummary("Frames whose clock ran more than five minutes ahead, as far as they are kept");
    }

    private static async Task Post(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            var (grant, refusal) = await Admit(context);
            if (grant is null)
            {
                await KeyProblems.Answer(context, refusal);
                return;
            }

            await Take(context, grant);
        }
        catch (Exception exception) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested && exception is not BadHttpRequestException)
        {
            // Before the receipt is sent nothing is acknowledged: whoever hears this sends the batch again.
            LogFailed(context.RequestServices.GetRequiredService<ILogger<TelemetryIntake>>(), exception);
            context.Response.Clear();
            await context.Response.Write(new Problem(500, "internal", "The server made a mistake.", "It is in the server's log. Nothing was acknowledged."), context.RequestAborted);
        }
    }

    private static async ValueTask<(ApiKeyGrant? Grant, Problem Refusal)> Admit(HttpContext context)
    {
        if (KeyProblems.Presented(context.Request) is not { } presented)
        {
            return (null, KeyProblems.Missing);
        }

        try
        {
            var grant = await context.RequestServices.GetRequiredService<ApiKeys>().Verify(presented, context.RequestAborted);
            return grant is null ? (null, KeyProblems.Refused)
                : grant.Role is ApiKeyRoles.Agent or PersonRoles.Administrator ? (grant, KeyProblems.Refused)
                : (null, KeyProblems.NotAllowed);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            return (null, KeyProblems.Away);
        }
    }

    private static async Task Take(HttpContext context, ApiKeyGrant grant)
    {
        var cancellationToken = context.RequestAborted;
        if (!IsJson(context.Request.ContentType))
        {
            await context.Response.Write(new Problem(415, "unsupported_media_type", "The body's type is not known.", "Send Content-Type: application/json."), cancellationToken);
            return;
        }

        var services = context.RequestServices;
        using var body = await BodyReader.Read(context.Request, services.GetRequiredService<IOptions<IntakeOptions>>().Value.MostBytes, cancellationToken);
        var answer = body.Problem is null
            ? await services.GetRequiredService<TelemetryIntake>().Accept(body.Bytes, grant, cancellationToken)
            : default;
        if ((body.Problem ?? answer.Problem) is { } problem)
        {
            await context.Response.Write(problem, cancellationToken);
            return;
        }

        Write(context.Response, answer.Receipt!); // an answer without a problem has a receipt
        await context.Response.BodyWriter.FlushAsync(cancellationToken);
    }

    private static bool IsJson(string? contentType) =>
        contentType is not null
        && contentType.StartsWith("application/json", StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == "application/json".Length || contentType["application/json".Length] is ';' or ' ');

    private static void Write(HttpResponse response, TelemetryReceipt receipt)
    {
        response.ContentType = "application/json";
        if (receipt.Rejected.Count == 0)
        {
            // Nearly every receipt looks like this; a receipt a batch is worth not building a writer for.
            Span<byte> text = stackalloc byte[96];
            System.Text.Unicode.Utf8.TryWrite(text, CultureInfo.InvariantCulture, $$"""{"accepted":{{receipt.Accepted}},"duplicates":{{receipt.Duplicates}},"rejected":[]}""", out var length);
            response.ContentLength = length;
            response.BodyWriter.Write(text[..length]);
            return;
        }

        using var writer = new Utf8JsonWriter(response.BodyWriter);
        JsonSerializer.Serialize(writer, receipt, WireJson.Default.TelemetryReceipt);
    }

    [LoggerMessage(LogLevel.Error, "A batch of telemetry could not be answered")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
