using System.Collections.Immutable;
using EnergyTTT.Grains.Alerts;
using EnergyTTT.History.Alerts;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Grains.Tests.Alerts;

/// <summary>One look at a rule: what changes, what is written, and what becomes of things that are no longer there.</summary>
public sealed class AlertLookTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private static readonly AlertRule Rule = new("hot", "temperature_celsius", 80, RecoverSeconds: 0);

    [Fact]
    public void Only_what_changed_is_written()
    {
        var first = Look(New(Rule), 0, ("GPU-1", 85), ("GPU-2", 60));
        var second = Look(first.States, 10, ("GPU-1", 86), ("GPU-2", 61));

        Assert.Equal(["gpu/GPU-1"], first.Transitions.Select(change => change.Instance));
        Assert.Equal(["gpu/GPU-1"], first.Kept.Select(kept => kept.Labels.Key));
        Assert.Equal((0, 0, 0), (second.Transitions.Length, second.Kept.Length, second.Gone.Length));
        Assert.Equal(86, second.States.Things["gpu/GPU-1"].Reading.Value);
    }

    [Fact]
    public void What_is_missing_is_silent_first_with_its_alert_open_and_gone_ten_minutes_later()
    {
        var alerting = Look(New(Rule), 0, ("GPU-1", 85)).States;

        var silent = Look(alerting, 10);
        var later = Look(silent.States, 500);
        var gone = Look(later.States, 700);

        Assert.Equal((AlertState.NoData, alerting.Things["gpu/GPU-1"].Course.Episode), (silent.States.Things["gpu/GPU-1"].Course.State, silent.States.Things["gpu/GPU-1"].Course.Episode));
        Assert.Single(later.States.Things);
        Assert.Empty(gone.States.Things);
        Assert.Equal(("hot", "gpu/GPU-1"), gone.Gone.Single());
        Assert.Equal((AlertState.NoData, AlertState.Normal, "no longer watched"), (gone.Transitions[0].Before, gone.Transitions[0].After, gone.Transitions[0].Detail));
    }

    [Fact]
    public void What_a_changed_rule_no_longer_means_is_over_at_once()
    {
        var alerting = Look(New(Rule), 0, ("GPU-1", 85)).States;

        Assert.Empty(Look(alerting with { Version = Version(Rule with { Scope = new(Hosts: ["other"]) }) }, 10).States.Things);
        Assert.Equal(["fleet"], Look(alerting with { Version = Version(Rule with { Per = AlertPer.Fleet }) }, 10, (null, 50)).States.Things.Keys);
        Assert.Equal(AlertState.Normal, AlertLook.Over(alerting, Start.AddSeconds(10)).Transitions.Single().After);
    }

    [Fact]
    public void A_rule_that_could_not_be_looked_at_keeps_its_states_and_says_why()
    {
        var alerting = Look(New(Rule), 0, ("GPU-1", 85)).States;

        var failed = AlertLook.Failed(alerting, Start.AddSeconds(10), "the database is away");

        Assert.Equal(alerting.Things, failed.States.Things);
        Assert.Equal((AlertState.Error, "the database is away", 1), (failed.States.View().State, failed.States.View().Error, failed.States.View().Counts["alerting"]));
        Assert.Null(Look(failed.States, 20, ("GPU-1", 85)).States.Error);
    }

    [Fact]
    public void A_rule_with_nothing_to_watch_is_no_data_and_not_normal()
    {
        Assert.Equal(AlertState.NoData, Look(New(Rule), 0).States.View().State);
        Assert.Equal(AlertState.Normal, Look(New(Rule), 0, ("GPU-1", 50)).States.View().State);
    }

    [Fact]
    public void Who_took_an_alert_on_is_remembered_until_it_is_over()
    {
        var alerting = Look(New(Rule), 0, ("GPU-1", 85)).States;
        var taken = alerting with { Things = alerting.Things.SetItem("gpu/GPU-1", alerting.Things["gpu/GPU-1"] with { Acknowledged = new("person/ada", Start, "mine") }) };

        var still = Look(taken, 10, ("GPU-1", 90)).States;
        var again = Look(Look(still, 20, ("GPU-1", 50)).States, 30, ("GPU-1", 90)).States;

        Assert.Equal("person/ada", still.Things["gpu/GPU-1"].Acknowledged?.By);
        Assert.Null(again.Things["gpu/GPU-1"].Acknowledged);
    }

    private static AlertRuleVersion Version(AlertRule rule) => new(rule.Name, 1, rule, "a test", "a test", Start);

    private static RuleStates New(AlertRule rule) => new(Version(rule), AlertSignals.Find(rule.Signal), ImmutableDictionary<string, AlertThing>.Empty);

    private static AlertLook Look(RuleStates states, int seconds, params (string? Gpu, double? Value)[] readings) =>
        AlertLook.At(states, new([.. readings.Select(one => new AlertReading(one.Gpu is null ? new() : new("ams", "r1", "h1", one.Gpu), one.Value, Origin.Measured))]), Start.AddSeconds(seconds));
}
