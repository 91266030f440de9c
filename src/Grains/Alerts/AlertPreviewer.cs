using System.Collections.Immutable;
using EnergyTTT.History.Alerts;
using EnergyTTT.History.Series;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.Grains.Alerts;

/// <summary>Tries a rule on the recorded past, minute by minute, with the very states of the live look.</summary>
internal sealed class AlertPreviewer(SeriesReader reader, ResidualReader residuals, TimeProvider clock)
{
    private const int MostEpisodes = 100;
    private const int WorstThings = 10;
    private static readonly TimeSpan Past = TimeSpan.FromHours(24);
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    /// <summary>The preview of a rule without mistakes.</summary>
    public async Task<AlertPreview> Try(AlertRule rule, CancellationToken cancellationToken)
    {
        // From what roll-ups have: the minute that is not over is left out.
        var now = clock.GetUtcNow();
        var last = now - TimeSpan.FromTicks(now.UtcTicks % Step.Ticks);
        var first = last - Past + Step;
        var signal = AlertSignals.Find(rule.Signal)!; // checked before
        if (!signal.IsRecorded)
        {
            return new(first, last, (int)Step.TotalSeconds, 0, 0, 0, 0, [], [], $"{signal.Name} is of the present alone: its past is not recorded, so the rule cannot be tried on it.");
        }

        var whole = rule with { WindowSeconds = Math.Max(rule.WindowSeconds, (int)Step.TotalSeconds) };
        var rows = signal.Source == AlertSource.Ledger ? await Ledger(whole, first, last, cancellationToken) : await new AlertSeries(reader).Read(whole, signal, first, last, Step, cancellationToken);
        var note = rule.WindowSeconds % 60 == 0 ? null : "The past is looked at minute by minute; the rule's own window is shorter or no whole minute, so that live it is quicker.";
        return await Task.Run(() => Run(rule, rows, first, last, note), cancellationToken);
    }

    private static AlertPreview Run(AlertRule rule, ImmutableArray<AlertRow> rows, DateTimeOffset first, DateTimeOffset last, string? note)
    {
        var (episodes, things, silent) = (new List<PreviewedEpisode>(), new List<PreviewedThing>(), 0.0);
        foreach (var row in rows)
        {
            // Before it spoke for the first time it was not there: that is no silence.
            var begin = Array.FindIndex(row.Values, value => value is not null);
            var (course, key, alerts, seconds) = (AlertCourse.New(first), row.Labels.Key, 0, 0.0);
            for (var i = Math.Max(0, begin); begin >= 0 && i < row.Values.Length; i++)
            {
                var was = course;
                course = course.Next(rule, key, row.Values[i], first + (i * Step));
                silent += course.State == AlertState.NoData ? Step.TotalSeconds : 0;
                seconds += course.Episode is not null ? Step.TotalSeconds : 0;
                if (course.Episode is not null && was.Episode is null)
                {
                    alerts++;
                }
                else if (was is { Episode: not null, EpisodeSince: { } since } && course.Episode is null)
                {
                    episodes.Add(new(key, since, first + (i * Step)));
                }
            }

            if (course.EpisodeSince is { } open)
            {
                episodes.Add(new(key, open, null));
            }

            things.Add(new(key, alerts, seconds));
        }

        return new(
            first, last, (int)Step.TotalSeconds, things.Count, things.Sum(thing => thing.Alerts), things.Sum(thing => thing.AlertingSeconds), silent,
            [.. things.Where(thing => thing.Alerts > 0).OrderByDescending(thing => thing.Alerts).ThenBy(thing => thing.Instance, StringComparer.Ordinal).Take(WorstThings)],
            [.. episodes.OrderByDescending(episode => episode.From).Take(MostEpisodes)],
            things.Count == 0 ? "Nothing that the rule watches has a reading in the last 24 hours." : note);
    }

    private async Task<ImmutableArray<AlertRow>> Ledger(AlertRule rule, DateTimeOffset first, DateTimeOffset last, CancellationToken cancellationToken)
    {
        var window = TimeSpan.FromSeconds(rule.WindowSeconds);
        var minutes = await residuals.Read(first - window, last, cancellationToken);
        return
        [
            .. minutes.GroupBy(minute => minute.Deployment).Where(deployment => rule.Scope?.Admits(new(Deployment: deployment.Key)) ?? true).Select(deployment => new AlertRow(new(Deployment: deployment.Key), Wire.Telemetry.Origin.Modelled,
                [.. Enumerable.Range(0, (int)((last - first) / Step) + 1).Select(i => first + (i * Step)).Select(end => Share([.. deployment.Where(minute => minute.Minute < end && minute.Minute >= end - window)]))])),
        ];
    }

    private static double? Share(List<ResidualMinute> minutes) => minutes.Count == 0 ? null : Math.Abs(minutes.Sum(minute => minute.ResidualJoules)) / minutes.Sum(minute => minute.CounterJoules);
}
