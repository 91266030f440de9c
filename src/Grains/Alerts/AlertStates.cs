using System.Collections.Immutable;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.History.Alerts;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Schedules;

namespace EnergyTTT.Grains.Alerts;

/// <summary>One thing under one rule.</summary>
internal sealed record AlertThing(AlertReading Reading, AlertCourse Course, Acknowledgement? Acknowledged = null)
{
    /// <summary>Whether it is somebody's business: an alert is open, or silence lasts that is to be told.</summary>
    public bool IsOpen(AlertRule rule, DateTimeOffset now) =>
        Course.Episode is not null || (Course.State == AlertState.NoData && rule.NoData == NoDataChoice.Notify && now - Course.Since >= TimeSpan.FromSeconds(rule.ForSeconds));
}

/// <summary>Everything under one rule as of the last look.</summary>
/// <param name="Version">The rule.</param>
/// <param name="Signal">What it watches.</param>
/// <param name="Things">By key.</param>
/// <param name="Unwatched">Things without such a sensor.</param>
/// <param name="EvaluatedAt">When it was looked at; null before the first time.</param>
/// <param name="Error">Why it could not be looked at; its things are then as they were.</param>
internal sealed record RuleStates(AlertRuleVersion Version, AlertSignal? Signal, ImmutableDictionary<string, AlertThing> Things, int Unwatched = 0, DateTimeOffset? EvaluatedAt = null, string? Error = null)
{
    public AlertRule Rule => Version.Rule!; // what is in force has one

    /// <summary>One thing as people see it.</summary>
    public AlertInstance View(AlertThing thing, QuietHours quiet, DateTimeOffset now)
    {
        var view = new AlertInstance(
            Rule.Name, Rule.Called, thing.Reading.Labels, Rule.Severity, thing.Course.State, thing.Course.Since, thing.Reading.Value, Signal?.Unit ?? "", Rule.Threshold, thing.Reading.Origin, thing.Reading.Detail, thing.Course.Episode,
            thing.Course.EpisodeSince, thing.Acknowledged);
        return thing.IsOpen(Rule, now) ? view with { QuietBecause = quiet.Because(view) } : view;
    }

    /// <summary>The rule as people see it.</summary>
    public AlertRuleView View()
    {
        var counts = Things.Values.CountBy(thing => thing.Course.State).OrderBy(pair => pair.Key).ToDictionary(pair => AlertRuleView.Word(pair.Key), pair => pair.Value);
        return new(Version, Signal?.Unit ?? "", Error is not null ? AlertState.Error : Worst(), counts, Unwatched, EvaluatedAt, Error);
    }

    // Where nothing is there to be watched all is well only if nothing is expected to be there.
    private AlertState Worst() => !Things.IsEmpty ? Things.Values.Select(thing => thing.Course.State).MaxBy(Weight) : Signal?.Source is AlertSource.Rollouts || Unwatched > 0 ? AlertState.Normal : AlertState.NoData;

    /// <summary>The greater the worse.</summary>
    public static int Weight(AlertState state) => state switch { AlertState.Alerting => 5, AlertState.Recovering => 4, AlertState.Pending => 3, AlertState.Error => 2, AlertState.NoData => 1, _ => 0 };
}

/// <summary>The silences and maintenance windows that are open at a moment.</summary>
internal sealed record QuietHours(ImmutableArray<AlertSilence> Silences, ImmutableArray<MaintenanceWindow> Windows)
{
    public static QuietHours At(IEnumerable<AlertSilence> silences, IEnumerable<MaintenanceWindow> windows, DateTimeOffset now) => new(
        [.. silences.Where(silence => silence.IsOpen(now))],
        [.. windows.Where(window => window.Enabled && new CronWindow(window.Cron, window.TimeZone, window.DurationMinutes).IsOpen(now))]);

    /// <summary>What keeps an alert quiet, in words; null when nothing does.</summary>
    public string? Because(AlertInstance alert) =>
        Silences.FirstOrDefault(silence => AlertMatcher.AllMatch(silence.Matchers, alert)) is { } silence ? FormattableString.Invariant($"silenced by {silence.Author} until {silence.EndsAt.UtcDateTime:u}: {silence.Reason}")
        : Windows.FirstOrDefault(window => AlertMatcher.AllMatch(window.Matchers, alert)) is { } window ? $"maintenance {window.Name}: {window.Reason}" : null;
}
