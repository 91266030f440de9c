using System.Collections.Immutable;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Policies;
using Orleans.Concurrency;

namespace EnergyTTT.Contracts.Alerts;

/// <summary>
/// Watches all rules of the cluster: reads their signals, moves the states, and writes whom to tell in the transaction of the change. Key: <c>alerts/all</c>, one for the cluster; whichever
/// silo is alive wakes it again and it goes on from what the history holds. A second activation is fenced off by its epoch. What was answered as done is durable.
/// </summary>
[GrainInterfaceType("alerts")]
public interface IAlertsGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "alerts/all";

    /// <summary>All rules, and all things that are not normal, as of the last look.</summary>
    [Alias("overview"), AlwaysInterleave]
    Task<AlertOverview> Overview(CancellationToken cancellationToken = default);

    /// <summary>How many things are in each state, by rule: what <c>/metrics</c> shows to a scraper without a key.</summary>
    [Alias("counts"), AlwaysInterleave]
    Task<ImmutableArray<AlertCount>> Counts(CancellationToken cancellationToken = default);

    /// <summary>Everything under one rule, normal or not; empty when there is no such rule.</summary>
    [Alias("things"), AlwaysInterleave]
    Task<ImmutableArray<AlertInstance>> Things(string rule, CancellationToken cancellationToken = default);

    /// <summary>What a rule would have done over the last 24 hours; nothing is saved.</summary>
    [Alias("preview"), AlwaysInterleave]
    Task<AlertPreview> Preview(AlertRule rule, CancellationToken cancellationToken = default);

    /// <summary>Everything that is wrong with a rule.</summary>
    [Alias("check"), AlwaysInterleave]
    Task<ImmutableArray<PolicyMistake>> Check(AlertRule rule, CancellationToken cancellationToken = default);

    /// <summary>Saves a rule, or deletes it when <paramref name="rule"/> is null, if <paramref name="expected"/> is still its newest version (0: there is none).</summary>
    [Alias("save-rule")]
    Task<AlertDecision> SaveRule(string name, AlertRule? rule, long expected, string reason, string author, CancellationToken cancellationToken = default);

    /// <summary>Takes an alert on. Operators of one of its scopes.</summary>
    [Alias("acknowledge")]
    Task<AlertDecision> Acknowledge(AcknowledgementRequest request, string author, CancellationToken cancellationToken = default);

    /// <summary>Begins a silence. Operators who are bound to scopes name one of them in a condition.</summary>
    [Alias("silence")]
    Task<AlertDecision> Silence(SilenceRequest request, string author, CancellationToken cancellationToken = default);

    /// <summary>Ends a silence early.</summary>
    [Alias("end-silence")]
    Task<AlertDecision> EndSilence(Guid id, string author, CancellationToken cancellationToken = default);

    /// <summary>Writes a maintenance window, or removes it when <paramref name="window"/> is null. The same right as to silence.</summary>
    [Alias("save-maintenance")]
    Task<AlertDecision> SaveMaintenance(string name, MaintenanceWindow? window, string author, CancellationToken cancellationToken = default);

    /// <summary>Writes a contact point, or removes it when <paramref name="change"/> is null. The secret of a new webhook is answered this once.</summary>
    [Alias("save-contact")]
    Task<AlertDecision> SaveContact(string name, ContactPointChange? change, string author, CancellationToken cancellationToken = default);

    /// <summary>Puts a test message into the outbox of a contact point.</summary>
    [Alias("test-contact")]
    Task<AlertDecision> TestContact(string name, string author, CancellationToken cancellationToken = default);

    /// <summary>Wakes it; nothing else. May be lost.</summary>
    [Alias("wake"), OneWay]
    Task Wake();
}

/// <summary>Things of one rule in one state.</summary>
[GenerateSerializer, Immutable, Alias("alert-count")]
public readonly record struct AlertCount([property: Id(0)] string Rule, [property: Id(1)] AlertSeverity Severity, [property: Id(2)] AlertState State, [property: Id(3)] int Count);

/// <summary>What became of a change.</summary>
/// <param name="Outcome">Whether it was done.</param>
/// <param name="Mistakes">What is wrong; empty unless refused.</param>
/// <param name="Version">The version of the rule that is in force, where a rule was meant; 0 for none.</param>
/// <param name="Id">The silence or message that was made.</param>
/// <param name="Secret">The secret of a new webhook, shown this once.</param>
[GenerateSerializer, Immutable, Alias("alert-decision")]
public sealed record AlertDecision(
    [property: Id(0)] AlertOutcome Outcome,
    [property: Id(1)] ImmutableArray<PolicyMistake> Mistakes,
    [property: Id(2)] long Version = 0,
    [property: Id(3)] Guid? Id = null,
    [property: Id(4)] string? Secret = null)
{
    /// <summary>Done, without more to say.</summary>
    public static AlertDecision Done { get; } = new(AlertOutcome.Done, []);
}

/// <summary>What became of a change.</summary>
[GenerateSerializer, Alias("alert-outcome")]
public enum AlertOutcome
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>Another version is in force than the one that was read.</summary>
    Conflict = 1,

    /// <summary>It has mistakes; nothing was changed.</summary>
    Refused = 2,

    /// <summary>There is none of that name.</summary>
    Unknown = 3,
}
