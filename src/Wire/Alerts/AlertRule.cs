using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Alerts;

/// <summary>What is watched and when it is too much. Every thing that it looks at (a GPU, a host, a deployment...) has a state of its own under it.</summary>
/// <param name="Name">1 to 64 lower-case letters, digits or '-'; never changes.</param>
/// <param name="Signal">A metric of the catalogue such as <c>temperature_celsius</c>, or a signal made of several such as <c>throttle_ratio</c>; <c>/v1/alerts/signals</c> lists all with their units.</param>
/// <param name="Threshold">In the signal's unit; beyond it the rule is broken.</param>
/// <param name="Title">One line for a person; the name when empty.</param>
/// <param name="Enabled">Whether it is looked at.</param>
/// <param name="Per">One state per what.</param>
/// <param name="Scope">Only these; null: all.</param>
/// <param name="Statistic">How readings combine, over the window and over the GPUs of a group.</param>
/// <param name="Comparison">Which side of the threshold is too much.</param>
/// <param name="Recovery">What the signal must come back to before it counts as good again; the threshold itself when null.</param>
/// <param name="WindowSeconds">How much of the newest past one reading is made of; tens of seconds up to an hour, whole minutes from 3 minutes on.</param>
/// <param name="ForSeconds">How long it must be broken before it alerts.</param>
/// <param name="RecoverSeconds">How long it must be good before it is over.</param>
/// <param name="BaselineSeconds">For regressions: the past before the window that it is compared with; an hour when null.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="NoData">What silence means. It never means that all is well.</param>
/// <param name="ContactPoints">Who is told; null or empty: every contact point that takes this severity.</param>
/// <param name="Description">What it means and what to do.</param>
/// <param name="Runbook">An address with more.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AlertRule(
    string Name,
    string Signal,
    double Threshold,
    string Title = "",
    bool Enabled = true,
    AlertPer Per = AlertPer.Gpu,
    AlertScope? Scope = null,
    AlertStatistic Statistic = AlertStatistic.Natural,
    AlertComparison Comparison = AlertComparison.Above,
    double? Recovery = null,
    int WindowSeconds = 60,
    int ForSeconds = 0,
    int RecoverSeconds = 60,
    int? BaselineSeconds = null,
    AlertSeverity Severity = AlertSeverity.Warning,
    NoDataChoice NoData = NoDataChoice.Show,
    IReadOnlyList<string>? ContactPoints = null,
    string? Description = null,
    string? Runbook = null)
{
    /// <summary>What a person calls it.</summary>
    [JsonIgnore]
    public string Called => Title.Length > 0 ? Title : Name;

    /// <summary>Whether a value is beyond the threshold.</summary>
    public bool IsBroken(double value) => Comparison == AlertComparison.Above ? value > Threshold : value < Threshold;

    /// <summary>Whether a value has come back far enough to count as good.</summary>
    public bool IsGood(double value) => Comparison == AlertComparison.Above ? value <= (Recovery ?? Threshold) : value >= (Recovery ?? Threshold);
}

/// <summary>Which things a rule looks at; lists of different nouns narrow each other, null or empty lets all pass.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AlertScope(
    IReadOnlyList<string>? Sites = null, IReadOnlyList<string>? Racks = null, IReadOnlyList<string>? Hosts = null, IReadOnlyList<string>? Gpus = null, IReadOnlyList<string>? Deployments = null)
{
    /// <summary>Whether a thing is among them.</summary>
    public bool Admits(AlertLabels labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return Has(Sites, labels.Site) && Has(Racks, labels.Rack) && Has(Hosts, labels.Host) && Has(Gpus, labels.Gpu) && Has(Deployments, labels.Deployment);
    }

    private static bool Has(IReadOnlyList<string>? names, string? name) => names is not { Count: > 0 } || (name is not null && names.Contains(name, StringComparer.Ordinal));
}

/// <summary>One state per what.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertPer>))]
public enum AlertPer
{
    /// <summary>Every GPU.</summary>
    [JsonStringEnumMemberName("gpu")] Gpu = 0,

    /// <summary>Every host.</summary>
    [JsonStringEnumMemberName("host")] Host = 1,

    /// <summary>Every rack of a site.</summary>
    [JsonStringEnumMemberName("rack")] Rack = 2,

    /// <summary>Every site.</summary>
    [JsonStringEnumMemberName("site")] Site = 3,

    /// <summary>All that the scope lets pass, as one.</summary>
    [JsonStringEnumMemberName("fleet")] Fleet = 4,

    /// <summary>Every deployment.</summary>
    [JsonStringEnumMemberName("deployment")] Deployment = 5,

    /// <summary>Every open rollout.</summary>
    [JsonStringEnumMemberName("rollout")] Rollout = 6,
}

/// <summary>How readings combine.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertStatistic>))]
public enum AlertStatistic
{
    /// <summary>As the metric's kind says: joules are summed, watts averaged over time and summed over GPUs, degrees averaged, peaks the greatest.</summary>
    [JsonStringEnumMemberName("natural")] Natural = 0,

    /// <summary>Mean.</summary>
    [JsonStringEnumMemberName("mean")] Mean = 1,

    /// <summary>Least.</summary>
    [JsonStringEnumMemberName("min")] Minimum = 2,

    /// <summary>Greatest.</summary>
    [JsonStringEnumMemberName("max")] Maximum = 3,
}

/// <summary>Which side of a threshold is too much.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertComparison>))]
public enum AlertComparison
{
    /// <summary>Above it.</summary>
    [JsonStringEnumMemberName("above")] Above = 0,

    /// <summary>Below it.</summary>
    [JsonStringEnumMemberName("below")] Below = 1,
}

/// <summary>How bad it is; a greater one is worse.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertSeverity>))]
public enum AlertSeverity
{
    /// <summary>Good to know.</summary>
    [JsonStringEnumMemberName("info")] Info = 0,

    /// <summary>Somebody should look at it today.</summary>
    [JsonStringEnumMemberName("warning")] Warning = 1,

    /// <summary>Somebody should look at it now.</summary>
    [JsonStringEnumMemberName("critical")] Critical = 2,
}

/// <summary>What silence means to a rule.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NoDataChoice>))]
public enum NoDataChoice
{
    /// <summary>The state is <c>no_data</c>; nobody is told.</summary>
    [JsonStringEnumMemberName("show")] Show = 0,

    /// <summary>The state is <c>no_data</c>, and who is told of alerts is told of it once it has lasted as long as the rule's <c>for_seconds</c>.</summary>
    [JsonStringEnumMemberName("notify")] Notify = 1,

    /// <summary>Silence counts as broken.</summary>
    [JsonStringEnumMemberName("alert")] Alert = 2,

    /// <summary>What was pending, alerting or recovering stays so; what was normal is <c>no_data</c>.</summary>
    [JsonStringEnumMemberName("keep")] Keep = 3,
}

/// <summary>One immutable version of a rule.</summary>
/// <param name="Rule">The rule; null: it was deleted.</param>
/// <param name="Name">Its name.</param>
/// <param name="Version">Counts up from 1 for each rule.</param>
/// <param name="Author">Who; <c>built-in</c> for what comes with the product.</param>
/// <param name="Reason">Why.</param>
/// <param name="CreatedAt">Since when it counts.</param>
public sealed record AlertRuleVersion(string Name, long Version, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] AlertRule? Rule, string Author, string Reason, DateTimeOffset CreatedAt)
{
    /// <summary>The author of what comes with the product.</summary>
    public const string BuiltIn = "built-in";
}

/// <summary>A rule as it is put, with <c>If-Match: "VERSION"</c> (0 for a new one).</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AlertRuleChange(AlertRule Rule, string Reason);
