using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using EnergyTTT.History.Alerts;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.Grains.Alerts;

/// <summary>
/// Decides what to tell whom: compares what goes on with what each contact point was last told of the group. It only calculates; what it answers is written with the states that it follows
/// from, so that a restart neither forgets nor repeats.
/// </summary>
internal static class AlertGrouping
{
    /// <summary>What is to be sent now, and what the groups are then known to have been told.</summary>
    /// <param name="alerts">What goes on (with an open alert, or a lasting silence that is to be told), quiet ones among it.</param>
    /// <param name="contacts">Who may be told.</param>
    /// <param name="told">What was told last.</param>
    /// <param name="rules">By name: where to, and words.</param>
    /// <param name="link">Address of the portal's page; null when not known.</param>
    public static (ImmutableArray<AlertMessage> Messages, ImmutableArray<NotifiedGroup> Groups) Due(
        IReadOnlyCollection<AlertInstance> alerts, IEnumerable<ContactPoint> contacts, IReadOnlyCollection<NotifiedGroup> told, IReadOnlyDictionary<string, AlertRule> rules, DateTimeOffset now, string? link)
    {
        var (messages, groups) = (ImmutableArray.CreateBuilder<AlertMessage>(), ImmutableArray.CreateBuilder<NotifiedGroup>());
        var known = contacts.ToDictionary(contact => contact.Name, StringComparer.Ordinal);
        foreach (var gone in told.Where(group => known.GetValueOrDefault(group.ContactPoint) is not { Enabled: true }))
        {
            groups.Add(gone with { Members = [] });
        }

        foreach (var contact in known.Values.Where(contact => contact.Enabled))
        {
            var mine = alerts.Where(alert => rules.TryGetValue(alert.Rule, out var rule) && Concerns(contact, rule, alert)).GroupBy(alert => Key(contact.GroupBy, alert)).ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);
            var before = told.Where(group => group.ContactPoint == contact.Name).ToDictionary(group => group.Group, StringComparer.Ordinal);
            foreach (var key in mine.Keys.Union(before.Keys, StringComparer.Ordinal))
            {
                if (Due(contact, key, mine.GetValueOrDefault(key) ?? [], before.GetValueOrDefault(key), rules, now, link) is { } due)
                {
                    groups.Add(due.Group);
                    if (due.Message is { } message)
                    {
                        messages.Add(message);
                    }
                }
            }
        }

        return (messages.ToImmutable(), groups.ToImmutable());
    }

    private static (AlertMessage? Message, NotifiedGroup Group)? Due(
        ContactPoint contact, string key, List<AlertInstance> open, NotifiedGroup? before, IReadOnlyDictionary<string, AlertRule> rules, DateTimeOffset now, string? link)
    {
        var told = before?.Members ?? [];
        var goesOn = open.Select(IdOf).ToHashSet(StringComparer.Ordinal);
        var audible = open.Where(alert => alert.QuietBecause is null).ToList();
        var fresh = audible.Where(alert => told.All(member => member.Id != IdOf(alert))).ToList();
        var over = told.Where(member => !goesOn.Contains(member.Id)).ToImmutableArray();
        var since = now - (before?.NotifiedAt ?? DateTimeOffset.MinValue);
        var interval = TimeSpan.FromSeconds(contact.GroupIntervalSeconds);
        var isDue = fresh.Count > 0
            ? told.IsEmpty ? now - fresh.Min(BeganAt) >= TimeSpan.FromSeconds(contact.GroupWaitSeconds) : since >= interval
            : over.Length > 0 && (goesOn.Count == 0 || since >= interval);
        var isRepeat = !isDue && fresh.Count == 0 && over.IsEmpty && contact.RepeatSeconds > 0 && since >= TimeSpan.FromSeconds(contact.RepeatSeconds) && audible.Any(alert => alert.Acknowledged is null);
        if (!isDue && !isRepeat)
        {
            return null;
        }

        // What fell quiet after it was told stays among what was told: its end is told too.
        var firing = audible.Select(alert => Item(alert, rules[alert.Rule])).ToImmutableArray();
        var members = firing.AddRange(told.Where(member => goesOn.Contains(member.Id) && firing.All(item => item.Id != member.Id)));
        var group = new NotifiedGroup(contact.Name, key, members, now);
        if (firing.IsEmpty && !contact.SendResolved)
        {
            return (null, group);
        }

        var kind = isRepeat ? AlertMessageKind.Repeat : fresh.Count == 0 && firing.IsEmpty ? AlertMessageKind.Resolved : AlertMessageKind.Firing;
        return (new AlertMessage(IdOf(contact.Name, key, now), contact.Name, key, kind, now, firing, contact.SendResolved ? over : [], link), group);
    }

    private static bool Concerns(ContactPoint contact, AlertRule rule, AlertInstance alert) =>
        (contact.Scope?.Admits(alert.Labels) ?? true) && (rule.ContactPoints is { Count: > 0 } named ? named.Contains(contact.Name, StringComparer.Ordinal) : contact.MinSeverity <= rule.Severity);

    private static string Key(AlertGroupBy by, AlertInstance alert) => by switch
    {
        AlertGroupBy.Alert => $"{alert.Rule}/{alert.Instance}",
        AlertGroupBy.Rule => "rule/" + alert.Rule,
        AlertGroupBy.Severity => "severity/" + alert.Severity.ToString().ToLowerInvariant(),
        AlertGroupBy.Site => "site/" + alert.Labels.Site,
        AlertGroupBy.Rack => $"rack/{alert.Labels.Site}/{alert.Labels.Rack}",
        AlertGroupBy.Host => "host/" + alert.Labels.Host,
        _ => "all",
    };

    private static DateTimeOffset BeganAt(AlertInstance alert) => alert.EpisodeSince ?? alert.Since;

    private static string IdOf(AlertInstance alert) => alert.Episode?.ToString() ?? FormattableString.Invariant($"no_data/{alert.Rule}/{alert.Instance}/{alert.Since.UtcTicks}");

    private static AlertItem Item(AlertInstance alert, AlertRule rule) => new(
        IdOf(alert), alert.Rule, alert.Title, alert.Severity, alert.Instance, alert.Labels, alert.State, BeganAt(alert), alert.Value, alert.Unit, alert.Threshold, alert.Detail, rule.Description, rule.Runbook, alert.Acknowledged?.By);

    // Named after what it is: written twice it is one row.
    private static Guid IdOf(string contact, string key, DateTimeOffset now) => new(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"message\n{contact}\n{key}\n{now.UtcTicks}"))).AsSpan(0, 16));
}
