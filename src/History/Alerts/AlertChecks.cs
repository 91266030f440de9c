using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Schedules;
using EnergyTTT.Wire.Spellings;

namespace EnergyTTT.History.Alerts;

/// <summary>Everything that is wrong with what people write about alerts, all at once.</summary>
public static partial class AlertChecks
{
    private const int LongestWindow = 3_600;
    private const int LongestWait = 86_400;

    /// <summary>Readings are made of steps this long; from <see cref="MinuteWindow"/> on of whole minutes.</summary>
    public const int StepSeconds = 10;

    /// <summary>Windows of this many seconds or more are read minute by minute.</summary>
    public const int MinuteWindow = 180;

    /// <summary>A rule.</summary>
    /// <param name="contactPoints">Names that a rule may name; null: not known, not looked at.</param>
    public static ImmutableArray<PolicyMistake> Rule(AlertRule rule, IReadOnlyCollection<string>? contactPoints = null)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var found = new Mistakes();
        found.Name("name", rule.Name);
        found.Text("title", rule.Title, 0, 120);
        found.Text("description", rule.Description, 0, 2000);
        if (rule.Runbook is { Length: > 0 } runbook && !(Uri.TryCreate(runbook, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
        {
            found.Add("runbook", runbook, "an address", $"runbook is '{runbook}'; an address such as https://wiki.example/hot expected");
        }

        var signal = AlertSignals.Find(rule.Signal);
        if (signal is null)
        {
            var near = Spelling.Nearest(rule.Signal ?? "", AlertSignals.All.Select(known => known.Name), 4);
            found.Add("signal", rule.Signal, "a signal", $"signal '{rule.Signal}' is not known{(near is null ? "" : $"; did you mean {near}?")}; /v1/alerts/signals lists all");
        }
        else if (!signal.Per.Contains(rule.Per))
        {
            found.Add("per", rule.Per, Words(signal.Per), $"per is {Word(rule.Per)}; {signal.Name} has one state per {Words(signal.Per)}");
        }

        if (!double.IsFinite(rule.Threshold))
        {
            found.Add("threshold", rule.Threshold, "a finite number", "threshold must be a finite number");
        }

        if (rule.Recovery is { } recovery && (!double.IsFinite(recovery) || rule.IsBroken(recovery)))
        {
            var side = rule.Comparison == AlertComparison.Above ? "at or below" : "at or above";
            found.Add("recovery", recovery, $"{side} {rule.Threshold.ToString(CultureInfo.InvariantCulture)}", string.Create(CultureInfo.InvariantCulture, $"recovery is {recovery}; it must lie {side} the threshold {rule.Threshold}, else what recovers is still broken"));
        }

        found.Range("window_seconds", rule.WindowSeconds, StepSeconds, LongestWindow);
        var step = StepOf(rule.WindowSeconds);
        if (rule.WindowSeconds % step != 0)
        {
            found.Add("window_seconds", rule.WindowSeconds, $"a multiple of {step}", $"window_seconds is {rule.WindowSeconds}; {(step == 60 ? "whole minutes from 3 minutes on" : "whole tens of seconds")} expected");
        }

        found.Range("for_seconds", rule.ForSeconds, 0, LongestWait);
        found.Range("recover_seconds", rule.RecoverSeconds, 0, LongestWait);
        if (rule.BaselineSeconds is { } baseline)
        {
            found.Range("baseline_seconds", baseline, 600, 7 * 86_400);
            if (signal is not null && signal.Source != AlertSource.Regression)
            {
                found.Add("baseline_seconds", baseline, "left out", $"baseline_seconds is for regressions; {signal.Name} is compared with nothing");
            }
        }

        if (signal?.Source == AlertSource.Regression && rule.WindowSeconds < MinuteWindow)
        {
            found.Add("window_seconds", rule.WindowSeconds, $"{MinuteWindow} or more", $"window_seconds is {rule.WindowSeconds}; a regression needs {MinuteWindow} or more, or chance decides");
        }

        foreach (var name in (rule.ContactPoints ?? []).Where(name => contactPoints?.Contains(name) == false))
        {
            found.Add("contact_points", name, "a contact point", $"contact point '{name}' is not known; {(contactPoints!.Count == 0 ? "there is none yet" : "known are " + string.Join(", ", contactPoints))}"); // compared with it
        }

        return found.ToImmutable();
    }

    /// <summary>A silence.</summary>
    public static ImmutableArray<PolicyMistake> Silence(SilenceRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(request);
        var found = new Mistakes();
        found.Matchers(request.Matchers);
        found.Text("reason", request.Reason, 1, 2000);
        var from = request.From ?? now;
        if (request.Until <= from || request.Until <= now)
        {
            found.Add("until", request.Until, "after now and after from", $"until is {request.Until.UtcDateTime:u}; a moment after {(from > now ? from : now).UtcDateTime:u} expected");
        }
        else if (request.Until - from > TimeSpan.FromDays(366))
        {
            found.Add("until", request.Until, "within a year", $"until is {request.Until.UtcDateTime:u}; a silence lasts at most 366 days. Change or switch off the rule instead");
        }

        return found.ToImmutable();
    }

    /// <summary>A maintenance window.</summary>
    public static ImmutableArray<PolicyMistake> Maintenance(MaintenanceWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        var found = new Mistakes();
        found.Name("name", window.Name);
        found.Matchers(window.Matchers);
        found.Text("reason", window.Reason, 1, 2000);
        foreach (var (field, value, bound, expected) in new CronWindow(window.Cron, window.TimeZone, window.DurationMinutes).Mistakes())
        {
            found.Add(field, value, bound, string.Create(CultureInfo.InvariantCulture, $"{field} is '{value}'; {expected}"));
        }

        return found.ToImmutable();
    }

    /// <summary>A contact point. Whether a webhook's address may be called is decided when it is called (docs/alerts.md).</summary>
    public static ImmutableArray<PolicyMistake> Contact(ContactPointChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var (contact, found) = (change.ContactPoint, new Mistakes());
        found.Name("name", contact.Name);
        if (contact.Kind == ContactKind.Webhook)
        {
            if (!Uri.TryCreate(contact.Url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0 || contact.Url!.Length > 2000) // parsed
            {
                found.Add("url", "", "an address", "url must be an address such as https://hooks.example/alerts, without a user or password in it");
            }

            if (change.Secret is { } secret && secret.Length is < 16 or > 200)
            {
                found.Add("secret", "", "16 to 200 characters", $"secret has {change.Secret.Length} characters; 16 to 200 expected");
            }
        }
        else if (contact.To is not { Count: >= 1 and <= 50 })
        {
            found.Add("to", contact.To?.Count ?? 0, "1 to 50 addresses", "to must hold 1 to 50 e-mail addresses");
        }

        foreach (var address in (contact.To ?? []).Where(address => !Mail().IsMatch(address) || address.Length > 254))
        {
            found.Add("to", address, "an e-mail address", $"'{address}' is no e-mail address");
        }

        found.Range("group_wait_seconds", contact.GroupWaitSeconds, 0, 3_600);
        found.Range("group_interval_seconds", contact.GroupIntervalSeconds, 10, LongestWait);
        if (contact.RepeatSeconds != 0)
        {
            found.Range("repeat_seconds", contact.RepeatSeconds, 60, 30 * 86_400);
        }

        return found.ToImmutable();
    }

    /// <summary>The step that windows of a length are read in.</summary>
    public static int StepOf(int windowSeconds) => windowSeconds >= MinuteWindow ? 60 : StepSeconds;

    private static string Word(AlertPer per) => per.ToString().ToLowerInvariant();

    private static string Words(ImmutableArray<AlertPer> per) => string.Join(", ", per.Select(Word));

    [GeneratedRegex("^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")]
    private static partial Regex Slug();

    [GeneratedRegex(@"^[^@\s<>,;]+@[^@\s<>,;]+$")]
    private static partial Regex Mail();

    private sealed class Mistakes
    {
        private readonly ImmutableArray<PolicyMistake>.Builder _found = ImmutableArray.CreateBuilder<PolicyMistake>();

        public ImmutableArray<PolicyMistake> ToImmutable() => _found.ToImmutable();

        public void Add(string field, object? value, string bound, string reason) => _found.Add(new(field, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", bound, reason));

        public void Name(string field, string? name)
        {
            if (name is null || !Slug().IsMatch(name))
            {
                Add(field, name, "1 to 64 lower-case letters, digits or '-'", $"{field} is '{name}'; 1 to 64 lower-case letters, digits or '-' expected, not at its ends");
            }
        }

        public void Text(string field, string? text, int least, int most)
        {
            var length = text?.Trim().Length ?? 0;
            if (length < least || length > most || text?.Contains('\0', StringComparison.Ordinal) == true)
            {
                Add(field, length, $"{least} to {most} characters", $"{field} has {length} characters; {least} to {most} expected");
            }
        }

        public void Range(string field, int value, int low, int high)
        {
            if (value < low || value > high)
            {
                Add(field, value, $"{low} to {high}", $"{field} is {value}; it must lie in {low} to {high}");
            }
        }

        public void Matchers(IReadOnlyList<AlertMatcher>? matchers)
        {
            if (matchers is not { Count: >= 1 and <= 20 })
            {
                Add("matchers", matchers?.Count ?? 0, "1 to 20", "matchers must hold 1 to 20 conditions; {\"label\": \"rule\", \"value\": \"*\"} is every alert");
            }

            foreach (var matcher in matchers ?? [])
            {
                if (!AlertMatcher.Labels.Contains(matcher.Label))
                {
                    Add("matchers", matcher.Label, string.Join(", ", AlertMatcher.Labels), $"'{matcher.Label}' is no label; {string.Join(", ", AlertMatcher.Labels)} expected");
                }

                Text("matchers", matcher.Value, 1, 200);
            }
        }
    }
}
