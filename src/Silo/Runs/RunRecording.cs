using System.Security.Claims;
using EnergyTTT.Contracts.Runs;
using EnergyTTT.History.Runs;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Deployments;
using EnergyTTT.Silo.Frames;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Silo.Runs;

/// <summary>Runs as they are recorded: live, or from a bundle. Every call may be repeated; the same again changes nothing.</summary>
internal static class RunRecording
{
    private const int MostTrialBytes = 1 << 20;
    private const string ProblemType = "application/problem+json";

    /// <summary>Maps the endpoints.</summary>
    public static void MapRunRecording(this IEndpointRouteBuilder routes)
    {
        var writes = routes.MapGroup("").RequireAuthorization(Policies.Record);
        Describe(writes.MapPost("", Start)).WithName("StartRun").WithSummary("A run begins: its bundle, running, with no trials").Accepts<RunBundle>("application/json").Produces<RunDecision>(201);
        Describe(writes.MapPost("/{id}/trials", Trial)).WithName("RecordTrial").WithSummary("A trial of a running run has ended").Accepts<RunTrial>("application/json");
        Describe(writes.MapPost("/{id}/heartbeat", Beat)).WithName("BeatRun").WithSummary("The recorder is alive; after 90 s of silence a run is recorded as aborted");
        Describe(writes.MapPost("/{id}/finish", Finish)).WithName("FinishRun").WithSummary("A run has ended: its whole bundle").Accepts<RunBundle>("application/json");
        Describe(writes.MapPost("/import", Import)).WithName("ImportRun").WithSummary("A bundle file; one with a changed byte is refused, the same one twice changes nothing").Accepts<byte[]>(RunBundleFile.MediaType, "application/octet-stream").Produces<RunDecision>(201);
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder endpoint) => endpoint.Produces<RunDecision>().Produces<Problem>(400, ProblemType).Produces<Problem>(403, ProblemType)
        .Produces<Problem>(404, ProblemType).Produces<Problem>(409, ProblemType).Produces<Problem>(413, ProblemType).Produces<Problem>(422, ProblemType);

    private static async Task<IResult> Start(HttpContext context, IGrainFactory grains)
    {
        var (bundle, problem) = await JsonBody.Read(context.Request, WireJson.Default.RunBundle, RunBundleFile.GreatestBytes, context.RequestAborted);
        if (bundle is null || RunFacts.Fault(bundle) is not null)
        {
            return problem?.ToResult() ?? Refuse(RunFacts.Fault(bundle!)); // one of the two is there
        }

        var decision = await Grain(grains, bundle.Run.Id).Start(bundle, Recorder(context.User), context.RequestAborted);
        context.Response.Headers.Location = "/v1/runs/" + bundle.Run.Id.ToString("D");
        return RunAnswers.Of(decision, StatusCodes.Status201Created);
    }

    private static async Task<IResult> Trial(string id, HttpContext context, IGrainFactory grains)
    {
        var (trial, problem) = await JsonBody.Read(context.Request, WireJson.Default.RunTrial, MostTrialBytes, context.RequestAborted);
        return trial is null ? problem!.ToResult() // one of the two is there
            : RunFacts.Fault(trial) is { } fault ? Refuse(fault)
            : Guid.TryParse(id, out var run) ? RunAnswers.Of(await Grain(grains, run).Record(trial, Recorder(context.User), context.RequestAborted))
            : RunAnswers.Unknown(id).ToResult();
    }

    private static async Task<IResult> Beat(string id, HttpContext context, IGrainFactory grains) =>
        Guid.TryParse(id, out var run) ? RunAnswers.Of(await Grain(grains, run).Beat(Recorder(context.User), context.RequestAborted)) : RunAnswers.Unknown(id).ToResult();

    private static async Task<IResult> Finish(string id, HttpContext context, IGrainFactory grains)
    {
        var (bundle, problem) = await JsonBody.Read(context.Request, WireJson.Default.RunBundle, RunBundleFile.GreatestBytes, context.RequestAborted);
        return bundle is null ? problem!.ToResult() // one of the two is there
            : RunFacts.Fault(bundle) is { } fault ? Refuse(fault)
            : !Guid.TryParse(id, out var run) || run != bundle.Run.Id
                ? new Problem(422, "invalid_run", "The run cannot be recorded.", $"The bundle is of the run '{bundle.Run.Id}', the address of '{id}'.").ToResult()
                : RunAnswers.Of(await Grain(grains, run).Finish(bundle, Recorder(context.User), context.RequestAborted));
    }

    // Not through the grain: the history decides alone, and a bundle may be large.
    private static async Task<IResult> Import(HttpContext context, RunStore store)
    {
        using var body = await BodyReader.Read(context.Request, RunBundleFile.GreatestBytes, context.RequestAborted);
        if (body.Problem is { } problem)
        {
            return problem.ToResult();
        }

        try
        {
            var bundle = RunBundleFile.Read(body.Bytes.Span);
            var decision = await store.Import(bundle, RunBundleFile.Digest(body.Bytes.Span), Recorder(context.User), context.RequestAborted);
            context.Response.Headers.Location = "/v1/runs/" + bundle.Run.Id.ToString("D");
            return RunAnswers.Of(decision, StatusCodes.Status201Created);
        }
        catch (FormatException wrong)
        {
            return new Problem(422, "invalid_bundle", "The bundle is refused.", char.ToUpperInvariant(wrong.Message[0]) + wrong.Message[1..] + ". Nothing was recorded.").ToResult();
        }
    }

    // Before the grain: what JSON has no word for would not reach it.
    private static IResult Refuse(string? fault) => RunAnswers.Of(new RunDecision(RunOutcome.Refused, null, fault));

    private static IRunGrain Grain(IGrainFactory grains, Guid run) => grains.GetGrain<IRunGrain>(IRunGrain.KeyOf(run));

    private static string Recorder(ClaimsPrincipal user) => user.Identity?.Name ?? throw new InvalidOperationException("The endpoint's policy lets in only who has a name.");
}
