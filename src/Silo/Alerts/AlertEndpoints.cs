using System.Globalization;
using System.Security.Claims;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.History.Alerts;
using EnergyTTT.Silo.Deployments;
using EnergyTTT.Silo.Governance;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Silo.Series;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using Names = EnergyTTT.Silo.Access.Policies;

namespace EnergyTTT.Silo.Alerts;

/// <summary>What alerts now, the rules behind it, what they would have done, and what they did.</summary>
internal static class AlertEndpoints
{
    private const int MostLimit = 1_000;

    /// <summary>Maps the endpoints.</summary>
    public static void MapAlerts(this IEndpointRouteBuilder routes)
    {
        var alerts = routes.MapGroup("/v1/alerts").WithTags("Alerts");
        alerts.MapGet("", List).RequireAuthorization(Names.Read).WithName("ListAlerts").WithSummary("What is not normal, the worst first; by state, severity and rule").Produces<AlertList>();
        alerts.MapGet("/signals", () => TypedResults.Json<IReadOnlyList<AlertSignalView>>([.. AlertSignals.All.Select(AlertSignalView.Of)], AlertJson.Default.IReadOnlyListAlertSignalView))
            .RequireAuthorization(Names.Read).WithName("ListAlertSignals").WithSummary("Everything that a rule can watch, with its unit").Produces<AlertSignalView[]>();
        alerts.MapGet("/rules", Rules).RequireAuthorization(Names.Read).WithName("ListAlertRules").WithSummary("All rules with how they stand").Produces<AlertRuleView[]>();
        alerts.MapGet("/rules/{name}", Rule).RequireAuthorization(Names.Read).WithName("GetAlertRule").WithSummary("A rule with how it stands; its version is the ETag").Produces<AlertRuleView>().Produces<Problem>(404, "application/problem+json");
        alerts.MapGet("/rules/{name}/things", Things).RequireAuthorization(Names.Read).WithName("ListAlertThings").WithSummary("Everything that a rule watches, normal or not").Produces<AlertInstance[]>();
        alerts.MapGet("/rules/{name}/versions", Versions).RequireAuthorization(Names.Read).WithName("ListAlertRuleVersions").WithSummary("All versions of a rule, newest first: who, when, why").Produces<AlertVersionPage>();
        alerts.MapPut("/rules/{name}", Put).RequireAuthorization(Names.Administer).WithName("PutAlertRule").WithSummary("A new version of a rule; If-Match must carry the version that was read, 0 for a new rule")
            .Accepts<AlertRuleChange>("application/json").Produces<AlertRuleView>().Produces<Problem>(412, "application/problem+json").Produces<Problem>(422, "application/problem+json").Produces<Problem>(428, "application/problem+json");
        alerts.MapDelete("/rules/{name}", Delete).RequireAuthorization(Names.Administer).WithName("DeleteAlertRule").WithSummary("Deletes a rule; its versions and its history stay. reason says why").Produces(204)
            .Produces<Problem>(404, "application/problem+json").Produces<Problem>(412, "application/problem+json").Produces<Problem>(422, "application/problem+json").Produces<Problem>(428, "application/problem+json");
        alerts.MapPost("/preview", Preview).RequireAuthorization(Names.Read).WithName("PreviewAlertRule").WithSummary("How often a rule would have alerted in the last 24 hours, on recorded data. Nothing is saved")
            .Accepts<AlertRule>("application/json").Produces<AlertPreview>().Produces<Problem>(422, "application/problem+json");
        alerts.MapGet("/history", History).RequireAuthorization(Names.Read).WithName("ListAlertHistory").WithSummary("Every change of a state, newest first").Produces<AlertHistoryPage>().Produces<Problem>(400, "application/problem+json");
        routes.MapQuiet();
        routes.MapContacts();
        routes.MapAnnotations();
    }

    private static async Task<IResult> List(HttpContext context, IGrainFactory grains, string? state, string? severity, string? rule)
    {
        var states = Words<AlertState>(state, AlertRuleView.Word);
        var severities = Words<AlertSeverity>(severity, value => value.ToString().ToLowerInvariant());
        if (states is null || severities is null)
        {
            return new Problem(400, "invalid_filter", "The filter cannot be.", $"state is '{state}', severity is '{severity}'; {string.Join(", ", Enum.GetValues<AlertState>().Select(AlertRuleView.Word))} and info, warning, critical expected, with commas between several.").ToResult();
        }

        var overview = await AlertAnswers.Grain(grains).Overview(context.RequestAborted);
        var counts = overview.Rules.SelectMany(one => one.Counts).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value));
        return TypedResults.Json(
            new AlertList(overview.EvaluatedAt, counts, [.. overview.Instances.Where(one => (states.Count == 0 || states.Contains(one.State)) && (severities.Count == 0 || severities.Contains(one.Severity)) && (rule is null || one.Rule == rule))]),
            AlertJson.Default.AlertList);
    }

    private static async Task<IResult> Rules(HttpContext context, IGrainFactory grains) =>
        TypedResults.Json((await AlertAnswers.Grain(grains).Overview(context.RequestAborted)).Rules, AlertJson.Default.IReadOnlyListAlertRuleView);

    private static async Task<IResult> Rule(HttpContext context, IGrainFactory grains, string name) => await Answer(context, grains, name);

    private static async Task<IResult> Things(HttpContext context, IGrainFactory grains, string name) =>
        TypedResults.Json<IReadOnlyList<AlertInstance>>(await AlertAnswers.Grain(grains).Things(name, context.RequestAborted), AlertJson.Default.IReadOnlyListAlertInstance);

    private static async Task<IResult> Versions(HttpContext context, AlertRuleStore store, string name) =>
        await store.Versions(name, context.RequestAborted) is { Count: > 0 } versions ? TypedResults.Json(new AlertVersionPage(versions), AlertJson.Default.AlertVersionPage) : Unknown(name).ToResult();

    private static async Task<IResult> Put(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, string name)
    {
        if (PolicyEndpoints.Expected(context, out var expected) is { } missing)
        {
            return missing.ToResult();
        }

        var (change, problem) = await JsonBody.Read(context.Request, WireJson.Default.AlertRuleChange, AlertAnswers.MostBytes, context.RequestAborted);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        var decision = await AlertAnswers.Grain(grains).SaveRule(name, change!.Rule, expected, change.Reason, AlertAnswers.Actor(user), context.RequestAborted); // read without a problem
        return decision.Outcome == AlertOutcome.Done ? await Answer(context, grains, name) : AlertAnswers.Of(decision, "rule " + name, _ => TypedResults.NoContent());
    }

    private static async Task<IResult> Delete(HttpContext context, IGrainFactory grains, ClaimsPrincipal user, string name, string? reason) =>
        PolicyEndpoints.Expected(context, out var expected) is { } missing ? missing.ToResult()
        : AlertAnswers.Of(await AlertAnswers.Grain(grains).SaveRule(name, null, expected, reason ?? "", AlertAnswers.Actor(user), context.RequestAborted), "rule " + name, _ => TypedResults.NoContent());

    private static async Task<IResult> Preview(HttpContext context, IGrainFactory grains)
    {
        var (rule, problem) = await JsonBody.Read(context.Request, WireJson.Default.AlertRule, AlertAnswers.MostBytes, context.RequestAborted);
        if (problem is not null)
        {
            return problem.ToResult();
        }

        var mistakes = await AlertAnswers.Grain(grains).Check(rule!, context.RequestAborted); // read without a problem
        return mistakes.IsEmpty
            ? TypedResults.Json(await AlertAnswers.Grain(grains).Preview(rule!, context.RequestAborted), WireJson.Default.AlertPreview)
            : PolicyEndpoints.Mistakes("alert_mistakes", "The rule has mistakes.", mistakes).ToResult();
    }

    private static async Task<IResult> History(HttpContext context, AlertStateStore store, TimeProvider clock, string? rule, string? instance, string? from, string? to, string? cursor, int? limit)
    {
        var now = clock.GetUtcNow();
        var size = limit ?? 100;
        if (size is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {size}; 1 to {MostLimit} expected.").ToResult();
        }

        if (!Times.TryRead(from ?? "now-7d", now, out var start) || !Times.TryRead(to ?? "now", now, out var end))
        {
            return new Problem(400, "invalid_range", "The range is not valid.", $"from is '{from}', to is '{to}'; times such as 2026-11-23T08:00:00Z or now-7d expected.").ToResult();
        }

        var before = long.MaxValue;
        if (cursor is not null && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            return new Problem(400, "invalid_cursor", "The cursor is none of ours.", $"cursor is '{cursor}'; what an earlier page gave expected.").ToResult();
        }

        var found = await store.Transitions(Clean(rule), Clean(instance), start, end, before, size, context.RequestAborted);
        return TypedResults.Json(new AlertHistoryPage(found, found.Count == size ? found[^1].Number.ToString(CultureInfo.InvariantCulture) : null), AlertJson.Default.AlertHistoryPage);
    }

    // PostgreSQL knows no character of value 0.
    private static string? Clean(string? text) => text?.Replace("\0", "", StringComparison.Ordinal);

    private static async Task<IResult> Answer(HttpContext context, IGrainFactory grains, string name)
    {
        if ((await AlertAnswers.Grain(grains).Overview(context.RequestAborted)).Rules.FirstOrDefault(rule => rule.Current.Name == name) is not { } view)
        {
            return Unknown(name).ToResult();
        }

        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{view.Current.Version}\"");
        return TypedResults.Json(view, WireJson.Default.AlertRuleView);
    }

    private static Problem Unknown(string name) => new(404, "alert_unknown", "There is no such thing.", $"There is no rule '{name}'.");

    private static List<T>? Words<T>(string? text, Func<T, string> word)
        where T : struct, Enum
    {
        var asked = (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var found = Enum.GetValues<T>().Where(value => asked.Contains(word(value), StringComparer.Ordinal)).ToList();
        return found.Count == asked.Distinct(StringComparer.Ordinal).Count() ? found : null;
    }
}
