using System.Collections.Immutable;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.History.Alerts;
using EnergyTTT.Portal.Alerts;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Portal.Tests.Alerts;

/// <summary>The rules that come with the product, one GPU that alerts, one without data; keeps what is asked of it.</summary>
public sealed class FakeAlerts(TimeProvider clock) : IAlertSource, IAlertsGrain
{
    public IAlertsGrain Grain => this;

    /// <summary>What was changed, in words.</summary>
    public List<string> Deeds { get; } = [];

    /// <summary>Everything is normal.</summary>
    public bool IsCalm { get; set; }

    /// <summary>Why the last look failed.</summary>
    public string? Failure { get; set; }

    /// <summary>The questions are not answered.</summary>
    public bool IsAway { get; set; }

    public Task<AlertOverview> Overview(CancellationToken cancellationToken = default)
    {
        if (IsAway)
        {
            throw new TimeoutException("the watch does not answer");
        }

        var now = clock.GetUtcNow();
        return Task.FromResult(new AlertOverview(now.AddSeconds(-4), 0.1,
            [.. BuiltInRules.All.Select(rule => new AlertRuleView(new(rule.Name, 1, rule, AlertRuleVersion.BuiltIn, "comes with the product", now.AddDays(-1)), AlertSignals.Find(rule.Signal)!.Unit, AlertState.Normal, new Dictionary<string, int> { ["normal"] = 16 }, 0, now, Failure))],
            IsCalm ? [] : Open()));
    }

    public async Task<ImmutableArray<AlertInstance>> Things(string rule, CancellationToken cancellationToken = default) => [.. (await Overview(cancellationToken)).Instances.Where(one => one.Rule == rule)];

    public Task<IReadOnlyList<AlertRuleVersion>> Versions(string rule, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AlertRuleVersion>>([new(rule, 1, BuiltInRules.All.FirstOrDefault(one => one.Name == rule), AlertRuleVersion.BuiltIn, "comes with the product", clock.GetUtcNow())]);

    public Task<IReadOnlyList<AlertTransition>> History(string? rule, string? thing, DateTimeOffset from, DateTimeOffset to, int limit, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<AlertTransition>>(
        IsCalm ? [] : [new(2, clock.GetUtcNow(), "memory-hot", 1, new("ams", "r07", "host-1", "GPU-1"), AlertSeverity.Warning, AlertState.Pending, AlertState.Alerting, 97, 95, Origin.Measured, null, Guid.NewGuid())]);

    public Task<IReadOnlyList<AlertSilence>> Silences(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AlertSilence>>(IsCalm ? [] : [new(Guid.NewGuid(), [new("host", "host-9")], clock.GetUtcNow().AddHours(-1), clock.GetUtcNow().AddHours(3), "moving racks", "person/olga", clock.GetUtcNow())]);

    public Task<IReadOnlyList<MaintenanceWindow>> Windows(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<MaintenanceWindow>>(IsCalm ? [] : [new("nightly", [new("rack", "r07")], "0 2 * * 6", "Europe/Amsterdam", 120, "power work")]);

    public Task<IReadOnlyList<ContactPointView>> Contacts(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ContactPointView>>(IsCalm ? [] : [new(new("oncall", ContactKind.Webhook, "https://hooks.example/alerts"), true, "person/ada", clock.GetUtcNow())]);

    public Task<IReadOnlyList<AlertDelivery>> Deliveries(int limit, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<AlertDelivery>>(
        IsCalm ? [] : [new(new(Guid.NewGuid(), "oncall", "rule/memory-hot", AlertMessageKind.Firing, clock.GetUtcNow(), [], []), DeliveryState.Waiting, 2, clock.GetUtcNow(), null, "answered 503 Service Unavailable")]);

    public Task<ImmutableArray<PolicyMistake>> Check(AlertRule rule, CancellationToken cancellationToken = default) => Task.FromResult(AlertChecks.Rule(rule));

    public Task<AlertPreview> Preview(AlertRule rule, CancellationToken cancellationToken = default) =>
        Task.FromResult(new AlertPreview(clock.GetUtcNow().AddDays(-1), clock.GetUtcNow(), 60, 16, 3, 5400, 120, [new("gpu/GPU-1", 3, 5400)], [], null));

    public Task<ImmutableArray<AlertCount>> Counts(CancellationToken cancellationToken = default) => Task.FromResult(ImmutableArray<AlertCount>.Empty);

    public Task<AlertDecision> SaveRule(string name, AlertRule? rule, long expected, string reason, string author, CancellationToken cancellationToken = default) => Do($"{author} saves {name} {rule?.Threshold} over {expected}: {reason}");

    public Task<AlertDecision> Acknowledge(AcknowledgementRequest request, string author, CancellationToken cancellationToken = default) => Do($"{author} takes {request.Rule} of {request.Instance}: {request.Comment}");

    public Task<AlertDecision> Silence(SilenceRequest request, string author, CancellationToken cancellationToken = default) => Do($"{author} silences {string.Join(" ", request.Matchers)} for {(request.Until - clock.GetUtcNow()).TotalHours} h: {request.Reason}");

    public Task<AlertDecision> EndSilence(Guid id, string author, CancellationToken cancellationToken = default) => Do($"{author} ends a silence");

    public Task<AlertDecision> SaveMaintenance(string name, MaintenanceWindow? window, string author, CancellationToken cancellationToken = default) => Do($"{author} window {name} {window?.Cron}");

    public Task<AlertDecision> SaveContact(string name, ContactPointChange? change, string author, CancellationToken cancellationToken = default) => Do($"{author} contact {name} {change?.ContactPoint.Url}", "the-secret-of-a-test");

    public Task<AlertDecision> TestContact(string name, string author, CancellationToken cancellationToken = default) => Do($"{author} tries {name}");

    public Task Wake() => Task.CompletedTask;

    private AlertInstance[] Open()
    {
        var now = clock.GetUtcNow();
        return
        [
            new("memory-hot", "Memory hot", new("ams", "r07", "host-1", "GPU-1"), AlertSeverity.Warning, AlertState.Alerting, now.AddMinutes(-3), 97, "Cel", 95, Origin.Measured, Episode: Guid.NewGuid(), EpisodeSince: now.AddMinutes(-3)),
            new("agent-gone", "Agent gone", new("ams", "r07", "host-2"), AlertSeverity.Critical, AlertState.NoData, now.AddMinutes(-9), null, "s", 60),
        ];
    }

    private Task<AlertDecision> Do(string deed, string? secret = null)
    {
        Deeds.Add(deed);
        return Task.FromResult(AlertDecision.Done with { Version = 2, Secret = secret });
    }
}
