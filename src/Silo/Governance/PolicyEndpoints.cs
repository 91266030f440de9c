using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using EnergyTTT.Contracts.Backtests;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Silo.Deployments;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using Names = EnergyTTT.Silo.Access.Policies;

namespace EnergyTTT.Silo.Governance;

/// <summary>Policies by scope: the version in force, all versions, what changed between two, and a new one.</summary>
internal static class PolicyEndpoints
{
    private const int MostBytes = 64 << 10;
    private const int MostLimit = 500;

    /// <summary>Maps the endpoints, for <c>fleet</c> and for scopes such as <c>deployment/qwen</c>.</summary>
    public static void MapPolicies(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/policies/fields", () => TypedResults.Json(PolicyMessages.Fields, PolicyJson.Default.ImmutableArrayPolicyFieldView))
            .RequireAuthorization(Names.Read).WithTags("Policies").WithName("ListPolicyFields").WithSummary("Every field with unit, range, default and meaning");
        routes.MapGet("/v1/policies/schema", () => TypedResults.Text(PolicySchema.Text, "application/schema+json"))
            .RequireAuthorization(Names.Read).WithTags("Policies").WithName("GetPolicySchema").WithSummary("The JSON schema of a policy's document");
        routes.MapGet("/v1/policies", Scopes)
            .RequireAuthorization(Names.Read).WithTags("Policies").WithName("ListPolicies").WithSummary("Every scope that may be set, with the version in force there").Produces<ImmutableArray<PolicyScopeView>>();
        routes.MapProposals();
        foreach (var (path, name) in new[] { ("/v1/policies/{scope:regex(^fleet$)}", "Fleet"), ("/v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}", "Scope") })
        {
            var group = routes.MapGroup(path).WithTags("Policies");
            group.MapGet("", Current).RequireAuthorization(Names.Read).WithName("GetPolicy" + name).WithSummary("The version in force; its number is the ETag").Produces<PolicyVersion>();
            group.MapGet("/versions", Versions).RequireAuthorization(Names.Read).WithName("ListPolicyVersions" + name).WithSummary("All versions, newest first").Produces<PolicyVersionPage>();
            group.MapGet("/diff", Diff).RequireAuthorization(Names.Read).WithName("DiffPolicy" + name).WithSummary("What changed between two versions").Produces<PolicyDiff>();
            group.MapGet("/effective", Effective).RequireAuthorization(Names.Read).WithName("GetEffectivePolicy" + name).WithSummary("Every field with the scope that it comes from").Produces<ImmutableArray<EffectiveField>>();
            group.MapPut("", Put).RequireAuthorization(Names.Operate).WithName("PutPolicy" + name).WithSummary("A new version; If-Match must carry the version that was read. With dry_run=true only what would change and what is wrong. 202: it waits for a second person").Accepts<PolicyChange>("application/json")
                .Produces<PolicyVersion>().Produces<PolicyProposal>(202).Produces<Problem>(409, "application/problem+json").Produces<Problem>(412, "application/problem+json").Produces<Problem>(422, "application/problem+json").Produces<Problem>(428, "application/problem+json");
            group.MapPost("/backtest", Backtest).RequireAuthorization(Names.Read).WithName("BacktestPolicy" + name).WithSummary("What a draft would have done over the last hours, beside the policy in force; modelled, with the model's own error. Nothing is saved")
                .Accepts<BacktestRequest>("application/json").Produces<BacktestReport>().Produces<Problem>(422, "application/problem+json");
            group.MapRollouts(name);
            group.MapProposals(name);
        }
    }

    private static async Task<IResult> Scopes(HttpContext context, IGrainFactory grains) =>
        TypedResults.Json<ImmutableArray<PolicyScopeView>>(
            [.. (await Policy(PolicyScopes.Fleet, grains).Scopes(context.RequestAborted)).Select(version => new PolicyScopeView(
                version.Scope, version.Version, version.Version == 0 ? null : version.Author, version.Version == 0 ? null : version.CreatedAt, PolicyCatalogue.Fields.Count(field => field.Read(version.Document) is not null)))],
            PolicyJson.Default.ImmutableArrayPolicyScopeView);

    private static async Task<IResult> Current(HttpContext context, IGrainFactory grains)
    {
        if (Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        var version = await Policy(scope, grains).Current(context.RequestAborted);
        Tag(context, version);
        return TypedResults.Json(version, WireJson.Default.PolicyVersion);
    }

    private static async Task<IResult> Versions(HttpContext context, IGrainFactory grains, long? before, int? limit)
    {
        var size = limit ?? 100;
        if (size is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {size}; 1 to {MostLimit} expected.").ToResult();
        }

        if (Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        var versions = await Policy(scope, grains).Versions(before ?? long.MaxValue, size, context.RequestAborted);
        return TypedResults.Json(new PolicyVersionPage(versions, versions.Length == size ? versions[^1].Version : null), PolicyJson.Default.PolicyVersionPage);
    }

    private static async Task<IResult> Diff(HttpContext context, IGrainFactory grains, long from, long to)
    {
        if (Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        if (await Find(scope, from, grains, context.RequestAborted) is not { } left || await Find(scope, to, grains, context.RequestAborted) is not { } right)
        {
            return new Problem(404, "version_unknown", "A version is not known.", $"'{scope}' does not have both versions {from} and {to}; 0 is nothing set.").ToResult();
        }

        return TypedResults.Json(new PolicyDiff(scope, from, to, PolicyFieldChange.Between(left, right)), PolicyJson.Default.PolicyDiff);
    }

    private static async Task<IResult> Effective(HttpContext context, IGrainFactory grains)
    {
        if (Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        var chain = await Policy(scope, grains).Chain(context.RequestAborted);
        return TypedResults.Json(PolicyMessages.Effective(chain), PolicyJson.Default.ImmutableArrayEffectiveField);
    }

    private static async Task<IResult> Put(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, bool? dry_run)
    {
        if (Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        if (Expected(context, out var expected) is { } missing)
        {
            return missing.ToResult();
        }

        var (change, problem) = await JsonBody.Read(context.Request, WireJson.Default.PolicyChange, MostBytes, context.RequestAborted);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        if (dry_run == true)
        {
            var current = await Policy(scope, grains).Current(context.RequestAborted);
            var mistakes = await Policy(scope, grains).Check(change!.Document, context.RequestAborted); // read without a problem
            return TypedResults.Json(new PolicyTrial(scope, current.Version, PolicyFieldChange.Between(current.Document, change.Document), mistakes), PolicyJson.Default.PolicyTrial);
        }

        var decision = await Policy(scope, grains).Save(change!, expected, user.Identity?.Name ?? "unknown", context.RequestAborted); // read without a problem
        Tag(context, decision.Current);
        return decision.Outcome switch
        {
            PolicyOutcome.Proposed => ProposalEndpoints.Waits(context, decision.Proposal!), // proposed is of a proposal
            PolicyOutcome.Saved => TypedResults.Json(decision.Current, WireJson.Default.PolicyVersion),
            PolicyOutcome.Conflict => new Problem(412, "version_conflict", "Somebody saved meanwhile.", $"You have read version {expected}; {decision.Current.Version} is in force, by {decision.Current.Author}: {decision.Current.Reason}").ToResult(),
            PolicyOutcome.RollingOut => new Problem(409, "rollout_open", "A rollout is open here.", $"A rollout tries another version in '{scope}'; promote it or roll it back first.").ToResult(),
            _ => Mistakes("policy_mistakes", "The policy has mistakes.", decision.Mistakes).ToResult(),
        };
    }

    private static async Task<IResult> Backtest(HttpContext context, IGrainFactory grains)
    {
        if (Scope(context, out var scope) is { } wrong)
        {
            return wrong.ToResult();
        }

        var (request, problem) = await JsonBody.Read(context.Request, WireJson.Default.BacktestRequest, MostBytes, context.RequestAborted);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        var mistakes = await Policy(scope, grains).Check(request!.Document, context.RequestAborted); // read without a problem
        if (request.Hours is < 1 or > 24)
        {
            mistakes = mistakes.Add(new("hours", request.Hours.ToString(CultureInfo.InvariantCulture), "1 to 24", $"hours is {request.Hours}; it must lie in 1 to 24"));
        }

        return mistakes.IsEmpty
            ? TypedResults.Json(await grains.GetGrain<IBacktestGrain>(IBacktestGrain.KeyOf(scope)).Run(request, context.RequestAborted), WireJson.Default.BacktestReport)
            : Mistakes("policy_mistakes", "The draft has mistakes.", mistakes).ToResult();
    }

    private static async Task<PolicyDocument?> Find(string scope, long version, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (version == 0)
        {
            return new PolicyDocument();
        }

        var found = version < long.MaxValue ? await Policy(scope, grains).Versions(version + 1, 1, cancellationToken) : [];
        return found.Length == 1 && found[0].Version == version ? found[0].Document : null;
    }

    /// <summary>All mistakes at once, each with its field.</summary>
    internal static Problem Mistakes(string code, string title, ImmutableArray<PolicyMistake> mistakes) => new(422, code, title, string.Join("; ", mistakes.Select(mistake => mistake.Reason)))
    {
        Errors = [.. mistakes.Select(mistake => new ProblemItem(mistake.Field, "out_of_range", mistake.Reason))],
    };

    /// <summary>The version that the caller says to have read.</summary>
    internal static Problem? Expected(HttpContext context, out long expected)
    {
        expected = 0;
        var match = context.Request.Headers.IfMatch.ToString();
        return match.Length == 0 ? new Problem(428, "version_required", "Say which version you have read.", "Send If-Match with the ETag of the policy, such as \"3\"; \"0\" when nothing was set.")
            : long.TryParse(match.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out expected) ? null
            : new Problem(400, "invalid_version", "If-Match is no version.", $"If-Match is '{match}'; the number of a version in quotes is expected.");
    }

    internal static Problem? Scope(HttpContext context, out string scope)
    {
        scope = context.GetRouteValue("scope") as string ?? $"{context.GetRouteValue("kind")}/{context.GetRouteValue("name")}";
        return PolicyScopes.IsScope(scope) ? null : new Problem(400, "invalid_scope", "That is no scope.", $"'{scope}' is none; fleet, or deployment/NAME (site/, rack/, host/ for hardware) with letters, digits, '.', '_' or '-'.");
    }

    private static void Tag(HttpContext context, PolicyVersion version) => context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version.Version}\"");

    internal static IPolicyGrain Policy(string scope, IGrainFactory grains) => grains.GetGrain<IPolicyGrain>(IPolicyGrain.KeyOf(scope));
}
