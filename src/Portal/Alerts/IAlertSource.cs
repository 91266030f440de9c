using System.Collections.Immutable;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.History.Alerts;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Alerts;

/// <summary>Where pages read alerts and change what belongs to them. Tests put their own here.</summary>
public interface IAlertSource
{
    /// <summary>All rules, and all things that are not normal.</summary>
    Task<AlertOverview> Overview(CancellationToken cancellationToken);

    /// <summary>Everything under one rule, normal or not.</summary>
    Task<ImmutableArray<AlertInstance>> Things(string rule, CancellationToken cancellationToken);

    /// <summary>Versions of a rule, newest first.</summary>
    Task<IReadOnlyList<AlertRuleVersion>> Versions(string rule, CancellationToken cancellationToken);

    /// <summary>Changes of states, newest first.</summary>
    Task<IReadOnlyList<AlertTransition>> History(string? rule, string? thing, DateTimeOffset from, DateTimeOffset to, int limit, CancellationToken cancellationToken);

    /// <summary>Silences that are open, to come, or ended lately.</summary>
    Task<IReadOnlyList<AlertSilence>> Silences(CancellationToken cancellationToken);

    /// <summary>Silences that come again and again.</summary>
    Task<IReadOnlyList<MaintenanceWindow>> Windows(CancellationToken cancellationToken);

    /// <summary>Who is told.</summary>
    Task<IReadOnlyList<ContactPointView>> Contacts(CancellationToken cancellationToken);

    /// <summary>Messages with what became of them, newest first.</summary>
    Task<IReadOnlyList<AlertDelivery>> Deliveries(int limit, CancellationToken cancellationToken);

    /// <summary>Everything that is wrong with a rule.</summary>
    Task<ImmutableArray<PolicyMistake>> Check(AlertRule rule, CancellationToken cancellationToken);

    /// <summary>What a rule would have done.</summary>
    Task<AlertPreview> Preview(AlertRule rule, CancellationToken cancellationToken);

    /// <summary>The grain that changes things; <see cref="AlertDesk"/> asks for rights before.</summary>
    IAlertsGrain Grain { get; }
}

/// <summary>Reads through the watching grain, and from the history what it need not be asked for.</summary>
public sealed class GrainAlertSource(IGrainFactory grains, AlertRuleStore rules, AlertStateStore states, QuietStore quiet, ContactPointStore contacts, NotificationStore outbox, TimeProvider clock) : IAlertSource
{
    private static readonly TimeSpan Lately = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public IAlertsGrain Grain => grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key);

    /// <inheritdoc/>
    public Task<AlertOverview> Overview(CancellationToken cancellationToken) => Grain.Overview(cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<AlertInstance>> Things(string rule, CancellationToken cancellationToken) => Grain.Things(rule, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AlertRuleVersion>> Versions(string rule, CancellationToken cancellationToken) => await rules.Versions(rule, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AlertTransition>> History(string? rule, string? thing, DateTimeOffset from, DateTimeOffset to, int limit, CancellationToken cancellationToken) =>
        await states.Transitions(rule, thing, from, to, long.MaxValue, limit, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AlertSilence>> Silences(CancellationToken cancellationToken) => await quiet.Silences(clock.GetUtcNow() - Lately, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MaintenanceWindow>> Windows(CancellationToken cancellationToken) => await quiet.Windows(cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContactPointView>> Contacts(CancellationToken cancellationToken) => await contacts.All(cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AlertDelivery>> Deliveries(int limit, CancellationToken cancellationToken) => await outbox.Newest(null, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyMistake>> Check(AlertRule rule, CancellationToken cancellationToken) => Grain.Check(rule, cancellationToken);

    /// <inheritdoc/>
    public Task<AlertPreview> Preview(AlertRule rule, CancellationToken cancellationToken) => Grain.Preview(rule, cancellationToken);
}
