using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Alerts;

/// <summary>Who is told of alerts, how, and how often. Its secret is never among what is read.</summary>
/// <param name="Name">1 to 64 lower-case letters, digits or '-'.</param>
/// <param name="Kind">How.</param>
/// <param name="Url">For webhooks: the address that is posted to.</param>
/// <param name="To">For e-mail: the addresses.</param>
/// <param name="Enabled">Whether it is told anything.</param>
/// <param name="MinSeverity">Rules that name no contact point tell those whose least severity is no greater than theirs.</param>
/// <param name="Scope">Only alerts of these things; null: all.</param>
/// <param name="GroupBy">Alerts that share this are told in one message.</param>
/// <param name="GroupWaitSeconds">How long the first alert of a group waits for others.</param>
/// <param name="GroupIntervalSeconds">Least time between two messages of a group that has changed.</param>
/// <param name="RepeatSeconds">What is not acknowledged is told again after this long; 0: never.</param>
/// <param name="SendResolved">Whether the end is told too.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ContactPoint(
    string Name,
    ContactKind Kind,
    string? Url = null,
    IReadOnlyList<string>? To = null,
    bool Enabled = true,
    AlertSeverity MinSeverity = AlertSeverity.Warning,
    AlertScope? Scope = null,
    AlertGroupBy GroupBy = AlertGroupBy.Rule,
    int GroupWaitSeconds = 10,
    int GroupIntervalSeconds = 60,
    int RepeatSeconds = 14_400,
    bool SendResolved = true);

/// <summary>How somebody is told.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ContactKind>))]
public enum ContactKind
{
    /// <summary>A signed POST.</summary>
    [JsonStringEnumMemberName("webhook")] Webhook = 0,

    /// <summary>Through the server's own mail server.</summary>
    [JsonStringEnumMemberName("email")] Email = 1,
}

/// <summary>What the alerts of one message share.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertGroupBy>))]
public enum AlertGroupBy
{
    /// <summary>Every alert has a message of its own.</summary>
    [JsonStringEnumMemberName("alert")] Alert = 0,

    /// <summary>The rule.</summary>
    [JsonStringEnumMemberName("rule")] Rule = 1,

    /// <summary>The severity.</summary>
    [JsonStringEnumMemberName("severity")] Severity = 2,

    /// <summary>The site.</summary>
    [JsonStringEnumMemberName("site")] Site = 3,

    /// <summary>The rack of a site.</summary>
    [JsonStringEnumMemberName("rack")] Rack = 4,

    /// <summary>The host.</summary>
    [JsonStringEnumMemberName("host")] Host = 5,

    /// <summary>Nothing: one message for all.</summary>
    [JsonStringEnumMemberName("all")] All = 6,
}

/// <summary>A contact point as it is put. A webhook's secret is 16 to 200 characters; one that is left out stays as it is, and a new webhook without one gets one that is shown this once.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ContactPointChange(ContactPoint ContactPoint, string? Secret = null);

/// <summary>A contact point with what is known of it.</summary>
public sealed record ContactPointView(ContactPoint ContactPoint, bool HasSecret, string Author, DateTimeOffset ChangedAt);

/// <summary>One alert in a message.</summary>
public sealed record AlertItem(
    string Id, string Rule, string Title, AlertSeverity Severity, string Instance, AlertLabels Labels, AlertState State, DateTimeOffset Since,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Value, string Unit, double Threshold, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Description, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Runbook,
    string? AcknowledgedBy = null);

/// <summary>One message to one contact point. It is delivered at least once; <see cref="Id"/> is the same in every try, so that a receiver can drop what it has.</summary>
/// <param name="Id">Names the message.</param>
/// <param name="ContactPoint">Who is told.</param>
/// <param name="Group">What its alerts share.</param>
/// <param name="Kind">Why it is sent.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Firing">What goes on.</param>
/// <param name="Resolved">What is over since the last message.</param>
/// <param name="Link">The portal's page, where its address is known.</param>
/// <param name="Version">The form of the message.</param>
public sealed record AlertMessage(Guid Id, string ContactPoint, string Group, AlertMessageKind Kind, DateTimeOffset CreatedAt, IReadOnlyList<AlertItem> Firing, IReadOnlyList<AlertItem> Resolved, string? Link = null, int Version = 1);

/// <summary>Why a message is sent.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertMessageKind>))]
public enum AlertMessageKind
{
    /// <summary>Something began.</summary>
    [JsonStringEnumMemberName("firing")] Firing = 0,

    /// <summary>Nothing goes on any more.</summary>
    [JsonStringEnumMemberName("resolved")] Resolved = 1,

    /// <summary>It still goes on.</summary>
    [JsonStringEnumMemberName("repeat")] Repeat = 2,

    /// <summary>Somebody tries the contact point.</summary>
    [JsonStringEnumMemberName("test")] Test = 3,
}

/// <summary>What became of a message.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeliveryState>))]
public enum DeliveryState
{
    /// <summary>To be sent, or to be sent again.</summary>
    [JsonStringEnumMemberName("waiting")] Waiting = 0,

    /// <summary>The other side took it.</summary>
    [JsonStringEnumMemberName("delivered")] Delivered = 1,

    /// <summary>Refused for good, or tried for a day.</summary>
    [JsonStringEnumMemberName("given_up")] GivenUp = 2,
}

/// <summary>A message with what became of it.</summary>
public sealed record AlertDelivery(AlertMessage Message, DeliveryState State, int Attempts, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? NextAttemptAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? FinishedAt, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? LastError);
