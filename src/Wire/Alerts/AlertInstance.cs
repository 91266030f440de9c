using System.Globalization;
using System.Text.Json.Serialization;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Wire.Alerts;

/// <summary>How one thing stands under one rule.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertState>))]
public enum AlertState
{
    /// <summary>It was read and is not broken.</summary>
    [JsonStringEnumMemberName("normal")] Normal = 0,

    /// <summary>Broken, not yet for long enough.</summary>
    [JsonStringEnumMemberName("pending")] Pending = 1,

    /// <summary>Broken for long enough.</summary>
    [JsonStringEnumMemberName("alerting")] Alerting = 2,

    /// <summary>Good again, not yet for long enough.</summary>
    [JsonStringEnumMemberName("recovering")] Recovering = 3,

    /// <summary>Nothing was read.</summary>
    [JsonStringEnumMemberName("no_data")] NoData = 4,

    /// <summary>The rule could not be looked at.</summary>
    [JsonStringEnumMemberName("error")] Error = 5,
}

/// <summary>What a state belongs to. What does not apply is null.</summary>
public sealed record AlertLabels(string? Site = null, string? Rack = null, string? Host = null, string? Gpu = null, string? Deployment = null, string? Rollout = null)
{
    /// <summary>What tells it from the others of its rule: <c>gpu/GPU-1</c>, <c>host/h1</c>, <c>rack/SITE/r1</c>, <c>site/ams</c>, <c>deployment/qwen</c>, <c>rollout/3</c> or <c>fleet</c>.</summary>
    [JsonIgnore]
    public string Key => Gpu is not null ? "gpu/" + Gpu
        : Rollout is not null ? "rollout/" + Rollout
        : Deployment is not null ? "deployment/" + Deployment
        : Host is not null ? "host/" + Host
        : Rack is not null ? $"rack/{Site}/{Rack}"
        : Site is not null ? "site/" + Site
        : "fleet";

    /// <summary>What kind of thing it is.</summary>
    [JsonIgnore]
    public AlertPer Per => Gpu is not null ? AlertPer.Gpu : Rollout is not null ? AlertPer.Rollout : Deployment is not null ? AlertPer.Deployment : Host is not null ? AlertPer.Host : Rack is not null ? AlertPer.Rack : Site is not null ? AlertPer.Site : AlertPer.Fleet;

    /// <summary>The scopes of policies that it belongs to, narrowest first; an operator of any of them may acknowledge it.</summary>
    public IEnumerable<string> Scopes()
    {
        if (Deployment is not null)
        {
            yield return "deployment/" + Deployment;
        }

        if (Host is not null)
        {
            yield return "host/" + Host;
        }

        if (Rack is not null)
        {
            yield return "rack/" + Rack;
        }

        if (Site is not null)
        {
            yield return "site/" + Site;
        }

        yield return "fleet";
    }

    /// <summary>The value of a label by its name; null when it has none.</summary>
    public string? this[string name] => name switch { "site" => Site, "rack" => Rack, "host" => Host, "gpu" => Gpu, "deployment" => Deployment, "rollout" => Rollout, _ => null };
}

/// <summary>One thing under one rule, as it stands now.</summary>
/// <param name="Rule">The rule's name.</param>
/// <param name="Title">What a person calls the rule.</param>
/// <param name="Labels">What it is.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="State">How it stands.</param>
/// <param name="Since">Since when.</param>
/// <param name="Value">The newest reading in the signal's unit; null when there is none.</param>
/// <param name="Unit">The unit.</param>
/// <param name="Threshold">The threshold.</param>
/// <param name="Origin">Where the reading comes from; null when there is none.</param>
/// <param name="Detail">A few words more, such as which sensors are silent.</param>
/// <param name="Episode">The alert that is open: from alerting until it is normal again; null when none is.</param>
/// <param name="EpisodeSince">When it began to alert.</param>
/// <param name="Acknowledged">Who took it on; null while nobody did.</param>
/// <param name="QuietBecause">The silence or maintenance window that keeps it from being told; null when none does.</param>
public sealed record AlertInstance(
    string Rule, string Title, AlertLabels Labels, AlertSeverity Severity, AlertState State, DateTimeOffset Since, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Value, string Unit, double Threshold, Origin? Origin = null, string? Detail = null,
    Guid? Episode = null, DateTimeOffset? EpisodeSince = null, Acknowledgement? Acknowledged = null, string? QuietBecause = null)
{
    /// <summary>What tells it from the others of its rule.</summary>
    public string Instance => Labels.Key;
}

/// <summary>Somebody took an alert on.</summary>
public sealed record Acknowledgement(string By, DateTimeOffset At, string Comment);

/// <summary>Takes an alert on, posted to <c>/v1/alerts/acknowledgements</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AcknowledgementRequest(string Rule, string Instance, string Comment);

/// <summary>A state that changed: the history of alerts.</summary>
public sealed record AlertTransition(
    long Number, DateTimeOffset At, string Rule, long RuleVersion, AlertLabels Labels, AlertSeverity Severity, AlertState Before, AlertState After,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Value, double Threshold, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Origin? Origin, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Guid? Episode)
{
    /// <summary>What tells it from the others of its rule.</summary>
    public string Instance => Labels.Key;
}

/// <summary>A rule with how it stands as a whole.</summary>
/// <param name="Current">The version in force.</param>
/// <param name="Unit">The unit of its signal.</param>
/// <param name="State">The worst of its things; error when it could not be looked at.</param>
/// <param name="Counts">Things by state; states without one are left out.</param>
/// <param name="Unwatched">Things that have no such sensor and therefore no state.</param>
/// <param name="EvaluatedAt">When it was looked at; null before the first time.</param>
/// <param name="Error">Why it could not be looked at.</param>
public sealed record AlertRuleView(AlertRuleVersion Current, string Unit, AlertState State, IReadOnlyDictionary<string, int> Counts, int Unwatched,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? EvaluatedAt, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Error)
{
    /// <summary>The word of a state in counts and addresses.</summary>
    public static string Word(AlertState state) => state == AlertState.NoData ? "no_data" : state.ToString().ToLower(CultureInfo.InvariantCulture);
}

/// <summary>All rules, and all things that are not normal, at one moment.</summary>
/// <param name="EvaluatedAt">When the last look was finished; null before the first.</param>
/// <param name="EvaluationSeconds">How long it took.</param>
/// <param name="Rules">By name.</param>
/// <param name="Instances">The worst first.</param>
public sealed record AlertOverview([property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? EvaluatedAt, double EvaluationSeconds, IReadOnlyList<AlertRuleView> Rules, IReadOnlyList<AlertInstance> Instances);

/// <summary>What a rule would have done over the recorded past; nothing is saved.</summary>
/// <param name="From">Start of what was looked at.</param>
/// <param name="To">End.</param>
/// <param name="StepSeconds">The past is looked at in steps of this length.</param>
/// <param name="Things">Things that were looked at.</param>
/// <param name="Alerts">How often one of them would have begun to alert.</param>
/// <param name="AlertingSeconds">How long one of them alerted, summed over all.</param>
/// <param name="NoDataSeconds">How long nothing was known, summed over all.</param>
/// <param name="Worst">The things that alerted most often, with how often.</param>
/// <param name="Episodes">The alerts, newest first, at most 100.</param>
/// <param name="Note">Why the past cannot be looked at, or what to know about it.</param>
public sealed record AlertPreview(
    DateTimeOffset From, DateTimeOffset To, int StepSeconds, int Things, int Alerts, double AlertingSeconds, double NoDataSeconds, IReadOnlyList<PreviewedThing> Worst, IReadOnlyList<PreviewedEpisode> Episodes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Note);

/// <summary>How often a thing would have alerted.</summary>
public sealed record PreviewedThing(string Instance, int Alerts, double AlertingSeconds);

/// <summary>An alert that would have been; <paramref name="To"/> is null when it would still go on.</summary>
public sealed record PreviewedEpisode(string Instance, DateTimeOffset From, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? To);
