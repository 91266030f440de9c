using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Serialization;
using EnergyTTT.Contracts.Proposals;
using EnergyTTT.History.Proposals;
using EnergyTTT.Silo.Deployments;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Proposals;
using Names = EnergyTTT.Silo.Access.Policies;

namespace EnergyTTT.Silo.Governance;

/// <summary>Proposals: changes of scopes that ask for approval, until a second person decides.</summary>
internal static class ProposalEndpoints
{
    private const int MostBytes = 64 << 10;
    private const int MostLimit = 500;

    /// <summary>Maps the list over all scopes.</summary>
    public static void MapProposals(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/policies/proposals", (HttpContext context, ProposalStore store, bool? pending, long? before, int? limit) => Page(null, store, pending, before, limit, context.RequestAborted))
            .RequireAuthorization(Names.Read).WithTags("Policies").WithName("ListProposals").WithSummary("Proposals of every scope, newest first; with pending=true only those that wait for a second person").Produces<ProposalPage>();

    /// <summary>Maps the endpoints for one kind of scope.</summary>
    /// <param name="group">The group of the scope's addresses.</param>
    /// <param name="name">Makes the names of operations unique.</param>
    public static void MapProposals(this RouteGroupBuilder group, string name)
    {
        group.MapGet("/proposals", List).RequireAuthorization(Names.Read).WithName("ListProposals" + name).WithSummary("Proposals of the scope, newest first; with pending=true only those that wait for a second person").Produces<ProposalPage>();
        group.MapGet("/proposals/{id:long:min(1)}", Get).RequireAuthorization(Names.Read).WithName("GetProposal" + name).WithSummary("A change that waits for a second person, or what became of it").Produces<PolicyProposal>().Produces<Problem>(404, "application/problem+json");
        group.MapPost("/proposals/{id:long:min(1)}/{verdict:regex(^(approve|reject|withdraw)$)}", Decide).RequireAuthorization(Names.Operate).WithName("DecideProposal" + name)
            .WithSummary("approve or reject, by another person than its author; or withdraw, by the author. Approved, it takes effect at once")
            .Accepts<ProposalOrder>("application/json").Produces<PolicyProposal>().Produces<Problem>(404, "application/problem+json").Produces<Problem>(409, "application/problem+json").Produces<Problem>(422, "application/problem+json");
    }

    /// <summary>What is answered where a change waits for a second person.</summary>
    public static IResult Waits(HttpContext context, PolicyProposal proposal)
    {
        context.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"/v1/policies/{proposal.Scope}/proposals/{proposal.Id}");
        return TypedResults.Json(proposal, WireJson.Default.PolicyProposal, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> List(HttpContext context, ProposalStore store, bool? pending, long? before, int? limit) =>
        PolicyEndpoints.Scope(context, out var scope) is { } wrong ? wrong.ToResult() : await Page(scope, store, pending, before, limit, context.RequestAborted);

    private static async Task<IResult> Page(string? scope, ProposalStore store, bool? pending, long? before, int? limit, CancellationToken cancellationToken)
    {
        var size = limit ?? 100;
        if (size is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {size}; 1 to {MostLimit} expected.").ToResult();
        }

        var proposals = await store.List(scope, pending == true, before ?? long.MaxValue, size, cancellationToken);
        return TypedResults.Json(new ProposalPage(proposals, proposals.Length == size ? proposals[^1].Id : null), ProposalJson.Default.ProposalPage);
    }

    private static async Task<IResult> Get(HttpContext context, ProposalStore store, long id) =>
        PolicyEndpoints.Scope(context, out var scope) is { } wrong ? wrong.ToResult()
        : await store.Find(id, context.RequestAborted) is { } proposal && proposal.Scope == scope ? TypedResults.Json(proposal, WireJson.Default.PolicyProposal)
        : Unknown(id, scope).ToResult();

    private static async Task<IResult> Decide(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, long id, string verdict)
    {
        if (PolicyEndpoints.Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        var (order, problem) = await JsonBody.ReadOr(context.Request, new ProposalOrder(), WireJson.Default.ProposalOrder, MostBytes, context.RequestAborted);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        var decision = await PolicyEndpoints.Policy(scope, grains).Decide(id, EnumWords.Read<ProposalVerdict>(verdict), order.Reason, user.Identity?.Name ?? "", context.RequestAborted);
        return decision switch
        {
            { Outcome: ProposalOutcome.Done, Proposal: { } done } => TypedResults.Json(done, WireJson.Default.PolicyProposal),
            { Outcome: ProposalOutcome.Over, Proposal: { } over } => new Problem(409, "proposal_over", "The proposal was decided.", $"Proposal {over.Id} is {EnumWords.Of(over.State)}{(over.DecidedBy is null ? "" : $" by {over.DecidedBy}: {over.DecisionReason}")}.").ToResult(),
            { Outcome: ProposalOutcome.Conflict, Proposal: { } overtaken } => new Problem(409, "proposal_overtaken", "The proposal was overtaken.", $"Proposal {overtaken.Id} was made from version {overtaken.BaseVersion}; another one is in force in '{scope}', or a rollout is open there. Its author can propose anew, on what is in force.").ToResult(),
            { Outcome: ProposalOutcome.NotYours, Proposal: { } other } => new Problem(403, "second_person_needed", "Somebody else must do this.", $"Proposal {other.Id} is {other.Author}'s: another person approves or rejects it (signed in, or with a personal key), and {other.Author} alone withdraws it.").ToResult(),
            { Outcome: ProposalOutcome.Refused } => PolicyEndpoints.Mistakes("policy_mistakes", "The proposal has mistakes.", decision.Mistakes).ToResult(),
            _ => Unknown(id, scope).ToResult(),
        };
    }

    private static Problem Unknown(long id, string scope) => new(404, "proposal_unknown", "There is no such proposal.", $"'{scope}' has no proposal {id}.");
}

/// <summary>A page of proposals, newest first.</summary>
/// <param name="Proposals">The proposals.</param>
/// <param name="Cursor">To be given as <c>before</c> for the next page; null on the last.</param>
public sealed record ProposalPage(ImmutableArray<PolicyProposal> Proposals, long? Cursor);

/// <summary>Source-generated JSON of lists of proposals.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProposalPage))]
internal sealed partial class ProposalJson : JsonSerializerContext;
