using System.Collections.Immutable;
using EnergyTTT.Grains.Alerts;
using EnergyTTT.History.Alerts;
using EnergyTTT.Wire.Alerts;
using Xunit;

namespace EnergyTTT.Grains.Tests.Alerts;

/// <summary>Whom to tell what, and when: the groups of contact points on a clock that the test turns.</summary>
public sealed class AlertGroupingTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private static readonly ContactPoint Oncall = new("oncall", ContactKind.Webhook, "https://hooks.example/a", GroupWaitSeconds: 10, GroupIntervalSeconds: 60, RepeatSeconds: 3600);
    private readonly Dictionary<string, AlertRule> _rules = new() { ["hot"] = new("hot", "temperature_celsius", 80), ["idle"] = new("idle", "idle_watts", 80, Severity: AlertSeverity.Info) };
    private readonly Dictionary<string, NotifiedGroup> _told = [];

    [Fact]
    public void The_first_alert_of_a_group_waits_for_others_and_both_are_told_once()
    {
        var (one, two) = (Alert("h1", Start), Alert("h2", Start.AddSeconds(5)));

        Assert.Empty(At(0, one));
        var message = Assert.Single(At(10, one, two));
        Assert.Empty(At(20, one, two));

        Assert.Equal((AlertMessageKind.Firing, "rule/hot"), (message.Kind, message.Group));
        Assert.Equal(["host/h1", "host/h2"], message.Firing.Select(item => item.Instance));
    }

    [Fact]
    public void A_group_that_changes_is_told_again_after_its_interval_with_what_is_new_and_what_is_over()
    {
        var (one, two) = (Alert("h1", Start), Alert("h2", Start.AddSeconds(20)));
        At(10, one);

        Assert.Empty(At(30, one, two));
        var second = Assert.Single(At(70, two));
        var last = Assert.Single(At(80));

        Assert.Equal((AlertMessageKind.Firing, "host/h2", "host/h1"), (second.Kind, second.Firing.Single().Instance, second.Resolved.Single().Instance));
        Assert.Equal((AlertMessageKind.Resolved, 0, "host/h2"), (last.Kind, last.Firing.Count, last.Resolved.Single().Instance));
        Assert.Empty(_told);
    }

    [Fact]
    public void What_goes_on_is_told_again_until_somebody_takes_it_on()
    {
        var alert = Alert("h1", Start);
        At(10, alert);

        var repeat = Assert.Single(At(3610, alert));
        var taken = alert with { Acknowledged = new("person/ada", Start, "looking") };

        Assert.Equal(AlertMessageKind.Repeat, repeat.Kind);
        Assert.Empty(At(9000, taken));
        Assert.Equal(AlertMessageKind.Resolved, Assert.Single(At(9010)).Kind);
    }

    [Fact]
    public void What_is_silenced_is_not_told_but_the_end_of_what_was_told_before_is()
    {
        var alert = Alert("h1", Start);
        At(10, alert);

        Assert.Empty(At(5000, alert with { QuietBecause = "silenced" }));
        Assert.Equal("host/h1", Assert.Single(At(5010)).Resolved.Single().Instance);
        Assert.Empty(At(6000, Alert("h2", Start.AddSeconds(5000)) with { QuietBecause = "silenced" }));
    }

    [Fact]
    public void An_alert_that_ended_before_it_was_told_is_never_told()
    {
        Assert.Empty(At(5, Alert("h1", Start)));
        Assert.Empty(At(15));
    }

    [Fact]
    public void Severity_scope_and_the_rules_own_choice_decide_who_is_told()
    {
        var idle = Alert("h1", Start, "idle");

        Assert.Empty(At(100, idle));
        _rules["idle"] = _rules["idle"] with { ContactPoints = ["oncall"] };
        Assert.Single(At(110, idle));
        _told.Clear();
        Assert.Empty(Run(200, [Oncall with { Scope = new(Hosts: ["h9"]) }], idle));
        Assert.Empty(Run(300, [Oncall with { Enabled = false }], idle));
    }

    [Fact]
    public void A_lasting_silence_that_is_to_be_told_is_told_and_its_end_too()
    {
        var silent = Alert("h1", Start) with { State = AlertState.NoData, Episode = null, EpisodeSince = null, Value = null };

        Assert.Equal(AlertState.NoData, Assert.Single(At(10, silent)).Firing.Single().State);
        Assert.Equal(AlertMessageKind.Resolved, Assert.Single(At(20)).Kind);
    }

    private static AlertInstance Alert(string host, DateTimeOffset since, string rule = "hot") => new(
        rule, rule, new("ams", "r1", host), rule == "idle" ? AlertSeverity.Info : AlertSeverity.Warning, AlertState.Alerting, since, 91, "Cel", 80, Episode: Guid.NewGuid(), EpisodeSince: since);

    private ImmutableArray<AlertMessage> At(int seconds, params AlertInstance[] alerts) => Run(seconds, [Oncall], alerts);

    private ImmutableArray<AlertMessage> Run(int seconds, ContactPoint[] contacts, params AlertInstance[] alerts)
    {
        var (messages, groups) = AlertGrouping.Due(alerts, contacts, [.. _told.Values], _rules, Start.AddSeconds(seconds), null);
        foreach (var group in groups)
        {
            if (group.Members.IsEmpty)
            {
                _told.Remove(group.Group);
            }
            else
            {
                _told[group.Group] = group;
            }
        }

        return messages;
    }
}
