using System.Collections.Immutable;
using EnergyTTT.History.Alerts;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.Grains.Alerts;

/// <summary>One look at one rule: from how its things stood and what they read now, how they stand and what has to be written.</summary>
/// <param name="States">How it stands.</param>
/// <param name="Transitions">States that changed.</param>
/// <param name="Kept">Instances to write.</param>
/// <param name="Gone">Instances to remove.</param>
internal sealed record AlertLook(RuleStates States, ImmutableArray<AlertTransition> Transitions, ImmutableArray<StoredInstance> Kept, ImmutableArray<(string Rule, string Instance)> Gone)
{
    // Right after a restart the fleet may not know all of its GPUs yet: what is missing is silent, and only then gone.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>Nothing was read: things stay as they are.</summary>
    public static AlertLook Failed(RuleStates before, DateTimeOffset now, string error) => new(before with { EvaluatedAt = now, Error = error }, [], [], []);

    /// <summary>The rule is no longer looked at: everything under it is over.</summary>
    public static AlertLook Over(RuleStates before, DateTimeOffset now)
    {
        var changes = new Changes(before, now);
        foreach (var was in before.Things.Values)
        {
            changes.Add(was, was with { Course = AlertCourse.New(now) }, "no longer watched");
        }

        return changes.Done(before with { Things = ImmutableDictionary<string, AlertThing>.Empty, Unwatched = 0, EvaluatedAt = now, Error = null });
    }

    /// <summary>The next states.</summary>
    public static AlertLook At(RuleStates before, AlertReadings readings, DateTimeOffset now)
    {
        var (rule, changes) = (before.Rule, new Changes(before, now));
        var things = ImmutableDictionary.CreateBuilder<string, AlertThing>(StringComparer.Ordinal);
        foreach (var reading in readings.Readings)
        {
            var key = reading.Labels.Key;
            var was = before.Things.GetValueOrDefault(key);
            var course = (was?.Course ?? AlertCourse.New(now)).Next(rule, key, reading.Value, now);
            var thing = new AlertThing(reading, course, was is not null && course.Episode == was.Course.Episode && (course.Episode is not null || course.State == was.Course.State) ? was.Acknowledged : null);
            changes.Add(was, thing, reading.Detail);
            things[key] = thing;
        }

        foreach (var (key, was) in before.Things.Where(pair => !things.ContainsKey(pair.Key)))
        {
            if (IsGone(rule, was, now))
            {
                changes.Add(was, was with { Course = AlertCourse.New(now) }, "no longer watched");
                continue;
            }

            var missing = was with { Reading = new(was.Reading.Labels, null, Detail: "not among what is known now"), Course = was.Course.Next(rule, key, null, now) };
            changes.Add(was, missing, missing.Reading.Detail);
            things[key] = missing;
        }

        return changes.Done(before with { Things = things.ToImmutable(), Unwatched = readings.Unwatched, EvaluatedAt = now, Error = null });
    }

    private static bool IsGone(AlertRule rule, AlertThing thing, DateTimeOffset now) =>
        rule.Per == AlertPer.Rollout || thing.Reading.Labels.Per != rule.Per || rule.Scope?.Admits(thing.Reading.Labels) == false || (thing.Course.State == AlertState.NoData && now - thing.Course.Since >= Grace);

    private sealed class Changes(RuleStates before, DateTimeOffset now)
    {
        private readonly ImmutableArray<AlertTransition>.Builder _transitions = ImmutableArray.CreateBuilder<AlertTransition>();
        private readonly ImmutableArray<StoredInstance>.Builder _kept = ImmutableArray.CreateBuilder<StoredInstance>();
        private readonly ImmutableArray<(string, string)>.Builder _gone = ImmutableArray.CreateBuilder<(string, string)>();

        public void Add(AlertThing? was, AlertThing thing, string? detail)
        {
            var (rule, reading, course) = (before.Rule, thing.Reading, thing.Course);
            var from = was?.Course.State ?? AlertState.Normal;
            if (from == course.State)
            {
                return;
            }

            _transitions.Add(new(0, now, rule.Name, before.Version.Version, reading.Labels, rule.Severity, from, course.State, reading.Value, rule.Threshold, reading.Origin, detail, course.Episode ?? was?.Course.Episode));
            if (course.State == AlertState.Normal)
            {
                _gone.Add((rule.Name, reading.Labels.Key));
            }
            else
            {
                _kept.Add(new(rule.Name, reading.Labels, course.State, course.Since, course.Episode, course.EpisodeSince, reading.Value, reading.Detail, null));
            }
        }

        public AlertLook Done(RuleStates states) => new(states, _transitions.ToImmutable(), _kept.ToImmutable(), _gone.ToImmutable());
    }
}
