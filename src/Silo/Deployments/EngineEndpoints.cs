using System.Globalization;
using System.Text.Json;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;
using Orleans.Concurrency;

namespace EnergyTTT.Silo.Deployments;

/// <summary>The calls of an engine: feedback, bias, placement and receipts.</summary>
internal static class EngineEndpoints
{
    private const int MostFeedbackBytes = 32 << 20;
    private const int MostSmallBytes = 64 << 10;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>Maps the endpoints.</summary>
    public static void MapEngines(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/deployments/{id}").WithTags("Engines").RequireAuthorization(Policies.Engine);
        group.MapPost("/feedback", Feedback).WithName("PostFeedback").WithSummary("A chunk of all layers; answers the epoch in force").Accepts<ChunkFeedback>("application/json").Produces<SteeringEpoch>()
            .Produces<Problem>(400, "application/problem+json").Produces<Problem>(403, "application/problem+json").Produces<Problem>(404, "application/problem+json")
            .Produces<Problem>(422, "application/problem+json").Produces<Problem>(429, "application/problem+json");
        group.MapGet("/bias", Bias).WithName("GetBias").WithSummary("The next epoch: long poll, or a stream with Accept: text/event-stream").Produces<SteeringEpoch>().Produces(204);
        group.MapPost("/place", Place).WithName("PostPlace").WithSummary("Where the next request should decode").Accepts<PlacementQuestion>("application/json").Produces<PlacementAnswer>().Produces<Problem>(404, "application/problem+json");
        group.MapPost("/applied", Applied).WithName("PostApplied").WithSummary("An engine's receipt for an epoch").Accepts<AppliedEpoch>("application/json").Produces<AppliedAnswer>().Produces<Problem>(404, "application/problem+json");
    }

    private static async Task<IResult> Feedback(string id, HttpContext context, IGrainFactory grains)
    {
        var (feedback, problem) = await Read(id, context, WireJson.Default.ChunkFeedback, MostFeedbackBytes);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        var answer = await Deployment(id, grains).Report(feedback!.AsImmutable(), context.RequestAborted); // read without a problem
        return answer.Outcome switch
        {
            FeedbackOutcome.Counted or FeedbackOutcome.Duplicate => new EpochAnswer(answer.Epoch!), // what is counted is answered with an epoch
            FeedbackOutcome.Unknown => DeploymentScope.Unknown(id).ToResult(),
            FeedbackOutcome.Busy => new Problem(429, "busy", "The database is busy or away.", "Nothing was stored; send the same chunk again.") { RetryAfter = Retry }.ToResult(),
            _ => DeploymentScope.Refused("The chunk is not acceptable.", answer.Problems).ToResult(),
        };
    }

    private static async Task Bias(string id, HttpContext context, IGrainFactory grains, TimeProvider clock, long? after = null, string? wait = null)
    {
        var cancellationToken = context.RequestAborted;
        if (DeploymentScope.Refusal(id, context.User) is { } refusal)
        {
            await context.Response.Write(refusal, cancellationToken);
            return;
        }

        if (!TryReadWait(wait, out var longest) || after is < 0)
        {
            await context.Response.Write(new Problem(400, "invalid_wait", "after or wait is not valid.", $"after is {after}, wait is '{wait}'; an epoch of 0 or more and 0s to {LongestWait.TotalSeconds}s are expected."), cancellationToken);
            return;
        }

        var deployment = Deployment(id, grains);
        if (await deployment.View(cancellationToken) is null)
        {
            await context.Response.Write(DeploymentScope.Unknown(id), cancellationToken);
            return;
        }

        if (context.Request.GetTypedHeaders().Accept.Any(type => type.MediaType == "text/event-stream"))
        {
            await Stream(context.Response, deployment, after ?? LastEventId(context.Request), cancellationToken);
            return;
        }

        // The first answer is for an engine that has nothing yet: also "no steering" is one.
        var until = clock.GetUtcNow() + longest;
        SteeringEpoch? epoch;
        do
        {
            var left = until - clock.GetUtcNow();
            epoch = await deployment.Epoch(after ?? -1, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken);
        }
        while (epoch is null && clock.GetUtcNow() < until);

        if (epoch is null)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await context.Response.WriteAsJsonAsync(epoch, WireJson.Default.SteeringEpoch, cancellationToken: cancellationToken);
    }

    private static async Task Stream(HttpResponse response, IDeploymentGrain deployment, long after, CancellationToken cancellationToken)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        await response.Body.FlushAsync(cancellationToken);
        while (!cancellationToken.IsCancellationRequested)
        {
            var epoch = await deployment.Epoch(after, KeepAlive, cancellationToken);
            var text = epoch is null
                ? ":\n\n"
                : string.Create(CultureInfo.InvariantCulture, $"id: {epoch.Epoch}\nevent: epoch\ndata: {JsonSerializer.Serialize(epoch, WireJson.Default.SteeringEpoch)}\n\n");
            after = epoch?.Epoch ?? after;
            await response.WriteAsync(text, cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
        }
    }

    private static async Task<IResult> Place(string id, HttpContext context, IGrainFactory grains)
    {
        var (question, problem) = await Read(id, context, WireJson.Default.PlacementQuestion, MostSmallBytes);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        if (question!.Tokens < 0 || question.Signature is { } signature && (signature.Count != 64 || !signature.All(float.IsFinite))) // read without a problem
        {
            return DeploymentScope.Refused("The question is not acceptable.", [new("signature", "vector_length", "a signature has 64 finite numbers, tokens is 0 or more; leave out what is not known")]).ToResult();
        }

        return await Deployment(id, grains).Place(question.AsImmutable(), context.RequestAborted) is { } answer
            ? TypedResults.Json(answer.Value, WireJson.Default.PlacementAnswer)
            : DeploymentScope.Unknown(id).ToResult();
    }

    private static async Task<IResult> Applied(string id, HttpContext context, IGrainFactory grains)
    {
        var (applied, problem) = await Read(id, context, WireJson.Default.AppliedEpoch, MostSmallBytes);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        return await Deployment(id, grains).Applied(applied!, context.RequestAborted) is { } answer // read without a problem
            ? answer.Problems.IsEmpty ? TypedResults.Json(new AppliedAnswer(answer.Matches), SteeringJson.Default.AppliedAnswer) : DeploymentScope.Refused("The receipt is not acceptable.", answer.Problems).ToResult()
            : DeploymentScope.Unknown(id).ToResult();
    }

    private static async Task<(T? Message, Problem? Problem)> Read<T>(string id, HttpContext context, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, int most)
        where T : class =>
        DeploymentScope.Refusal(id, context.User) is { } refusal ? (null, refusal) : await JsonBody.Read(context.Request, type, most, context.RequestAborted);

    private static IDeploymentGrain Deployment(string id, IGrainFactory grains) => grains.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(id));

    private static long LastEventId(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : -1;

    private static bool TryReadWait(string? text, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (text is null)
        {
            return true;
        }

        if (!double.TryParse(text.EndsWith('s') ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds > LongestWait.TotalSeconds)
        {
            return false;
        }

        wait = TimeSpan.FromSeconds(seconds);
        return true;
    }
}
