using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Serialization;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.History.Rollouts;
using EnergyTTT.Silo.Deployments;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;
using Names = EnergyTTT.Silo.Access.Policies;

namespace EnergyTTT.Silo.Governance;

/// <summary>Rollouts of a scope: begun, watched, paused, widened, promoted, rolled back.</summary>
internal static class RolloutEndpoints
{
    private const int MostBytes = 64 << 10;

    /// <summary>Maps the endpoints for one kind of scope.</summary>
    /// <param name="group">The group of the scope's addresses.</param>
    /// <param name="name">Makes the names of operations unique.</param>
    public static void MapRollouts(this RouteGroupBuilder group, string name)
    {
        group.MapGet("/rollouts", List).RequireAuthorization(Names.Read).WithName("ListRollouts" + name).WithSummary("Rollouts of the scope, newest first").Produces<RolloutPage>();
        group.MapPost("/rollouts", Start).RequireAuthorization(Names.Operate).WithName("StartRollout" + name).WithSummary("Try a new version on a share of the routers; If-Match must carry the version that was read. 202: it waits for a second person")
            .Accepts<RolloutRequest>("application/json").Produces<Rollout>(201).Produces<PolicyProposal>(202).Produces<Problem>(409, "application/problem+json").Produces<Problem>(412, "application/problem+json").Produces<Problem>(422, "application/problem+json").Produces<Problem>(428, "application/problem+json");
        group.MapGet("/rollouts/{id:long:min(1)}", Progress).RequireAuthorization(Names.Read).WithName("GetRollout" + name).WithSummary("What every router really applies, and what the guards read").Produces<RolloutProgress>().Produces<Problem>(404, "application/problem+json");
        group.MapPost("/rollouts/{id:long:min(1)}/{action:regex(^(pause|resume|share|promote|rollback)$)}", Act).RequireAuthorization(Names.Operate).WithName("ActOnRollout" + name).WithSummary("pause, resume, share, promote or rollback")
            .Accepts<RolloutOrder>("application/json").Produces<Rollout>().Produces<Problem>(404, "application/problem+json").Produces<Problem>(409, "application/problem+json").Produces<Problem>(422, "application/problem+json");
    }

    private static async Task<IResult> List(HttpContext context, RolloutStore store, long? before, int? limit)
    {
        if (PolicyEndpoints.Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        if (limit is < 1 or > 500)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {limit}; 1 to 500 expected.").ToResult();
        }

        var rollouts = await store.List(scope, before ?? long.MaxValue, limit ?? 100, context.RequestAborted);
        return TypedResults.Json(new RolloutPage(rollouts), RolloutJson.Default.RolloutPage);
    }

    private static async Task<IResult> Start(HttpContext context, IGrainFactory grains, ClaimsPrincipal user)
    {
        if (PolicyEndpoints.Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        if (PolicyEndpoints.Expected(context, out var expected) is { } missing)
        {
            return missing.ToResult();
        }

        var (request, problem) = await JsonBody.Read(context.Request, WireJson.Default.RolloutRequest, MostBytes, context.RequestAborted);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        var decision = await PolicyEndpoints.Policy(scope, grains).Roll(request!, expected, user.Identity?.Name ?? "unknown", context.RequestAborted); // read without a problem
        if (decision is { Outcome: RolloutOutcome.Conflict, Rollout: null })
        {
            var current = await PolicyEndpoints.Policy(scope, grains).Current(context.RequestAborted);
            return new Problem(412, "version_conflict", "Somebody saved meanwhile.", $"You have read version {expected}; {current.Version} is in force, by {current.Author}: {current.Reason}").ToResult();
        }

        if (decision is { Outcome: RolloutOutcome.Proposed, Proposal: { } waits })
        {
            return ProposalEndpoints.Waits(context, waits);
        }

        if (decision.Outcome == RolloutOutcome.Done)
        {
            context.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"/v1/policies/{scope}/rollouts/{decision.Rollout!.Id}"); // done is of a rollout
        }

        return Answer(decision, StatusCodes.Status201Created);
    }

    private static async Task<IResult> Progress(HttpContext context, IGrainFactory grains, long id) =>
        PolicyEndpoints.Scope(context, out var scope) is { } wrong ? wrong.ToResult()
        : await Rollout(id, grains).Progress(context.RequestAborted) is { } progress && progress.Rollout.Scope == scope ? TypedResults.Json(progress, WireJson.Default.RolloutProgress)
        : Unknown(id, scope).ToResult();

    private static async Task<IResult> Act(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, long id, string action)
    {
        if (PolicyEndpoints.Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        var (order, problem) = await JsonBody.ReadOr(context.Request, new RolloutOrder(), WireJson.Default.RolloutOrder, MostBytes, context.RequestAborted);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        var decision = await PolicyEndpoints.Policy(scope, grains).Act(id, EnumWords.Read<RolloutAction>(action), order, user.Identity?.Name ?? "unknown", context.RequestAborted);
        return decision.Outcome == RolloutOutcome.Unknown ? Unknown(id, scope).ToResult() : Answer(decision, StatusCodes.Status200OK);
    }

    private static IResult Answer(RolloutDecision decision, int status) => decision switch
    {
        { Outcome: RolloutOutcome.Done, Rollout: { } done } => TypedResults.Json(done, RolloutJson.Default.Rollout, statusCode: status),
        { Outcome: RolloutOutcome.Over, Rollout: { } over } => new Problem(409, "rollout_over", "The rollout is over.", $"Rollout {over.Id} was {(over.State == RolloutState.Promoted ? "promoted" : "rolled back")} by {over.ChangedBy}: {over.Cause}").ToResult(),
        { Outcome: RolloutOutcome.Conflict, Rollout: { } open } => new Problem(409, "rollout_open", "A rollout is open here.", $"Rollout {open.Id} of version {open.Version} is {open.State.ToString().ToLowerInvariant()}; promote it or roll it back first, or look again if somebody changed it just now.").ToResult(),
        _ => PolicyEndpoints.Mistakes("rollout_mistakes", "The rollout has mistakes.", decision.Mistakes).ToResult(),
    };

    private static Problem Unknown(long id, string scope) => new(404, "rollout_unknown", "There is no such rollout.", $"'{scope}' has no rollout {id}.");

    private static IRolloutGrain Rollout(long id, IGrainFactory grains) => grains.GetGrain<IRolloutGrain>(IRolloutGrain.KeyOf(id));
}

/// <summary>Rollouts, newest first.</summary>
public sealed record RolloutPage(ImmutableArray<Rollout> Rollouts);

/// <summary>Source-generated JSON of rollouts as people read them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RolloutPage))]
[JsonSerializable(typeof(Rollout))]
internal sealed partial class RolloutJson : JsonSerializerContext;
