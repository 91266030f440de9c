using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Alerts;

/// <summary>One condition on an alert: its rule, severity, or a label is, or is not, a text in which '*' stands for anything.</summary>
/// <param name="Label"><c>rule</c>, <c>severity</c>, <c>site</c>, <c>rack</c>, <c>host</c>, <c>gpu</c>, <c>deployment</c> or <c>rollout</c>.</param>
/// <param name="Value">What it must be; '*' stands for any characters.</param>
/// <param name="Not">Turns the condition round.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AlertMatcher(string Label, string Value, bool Not = false)
{
    /// <summary>The labels that a condition may name.</summary>
    public static IReadOnlyList<string> Labels { get; } = ["rule", "severity", "site", "rack", "host", "gpu", "deployment", "rollout"];

    /// <summary>Whether an alert fulfils it.</summary>
    public bool Matches(string rule, AlertSeverity severity, AlertLabels labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var actual = Label switch { "rule" => rule, "severity" => severity.ToString().ToLowerInvariant(), var name => labels[name] };
        return (actual is not null && Fits(Value, actual)) != Not;
    }

    /// <summary>Whether an alert fulfils all of them.</summary>
    public static bool AllMatch(IReadOnlyList<AlertMatcher> matchers, AlertInstance alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        return matchers.All(matcher => matcher.Matches(alert.Rule, alert.Severity, alert.Labels));
    }

    /// <summary>As a person writes it: <c>host=h1</c>, <c>rule!=hot-*</c>.</summary>
    public override string ToString() => $"{Label}{(Not ? "!=" : "=")}{Value}";

    /// <summary>Reads what <see cref="ToString"/> writes; null when it is none.</summary>
    public static AlertMatcher? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at <= 0 ? null : text[at - 1] == '!' ? new(text[..(at - 1)].Trim(), text[(at + 1)..].Trim(), true) : new(text[..at].Trim(), text[(at + 1)..].Trim());
    }

    private static bool Fits(string pattern, string text)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1)
        {
            return pattern == text;
        }

        if (!text.StartsWith(parts[0], StringComparison.Ordinal) || text.Length < parts[0].Length + parts[^1].Length || !text.EndsWith(parts[^1], StringComparison.Ordinal))
        {
            return false;
        }

        var (at, end) = (parts[0].Length, text.Length - parts[^1].Length);
        foreach (var part in parts[1..^1])
        {
            var found = text.IndexOf(part, at, end - at, StringComparison.Ordinal);
            if (found < 0)
            {
                return false;
            }

            at = found + part.Length;
        }

        return true;
    }
}

/// <summary>Keeps alerts from being told until a moment. Their states go on.</summary>
public sealed record AlertSilence(Guid Id, IReadOnlyList<AlertMatcher> Matchers, DateTimeOffset StartsAt, DateTimeOffset EndsAt, string Reason, string Author, DateTimeOffset CreatedAt, string? EndedBy = null)
{
    /// <summary>Whether it counts at a moment.</summary>
    public bool IsOpen(DateTimeOffset now) => StartsAt <= now && now < EndsAt;
}

/// <summary>A silence as it is asked for.</summary>
/// <param name="Matchers">Conditions that must all be fulfilled; at least one.</param>
/// <param name="Until">When it ends.</param>
/// <param name="Reason">Why.</param>
/// <param name="From">When it begins; now when null.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record SilenceRequest(IReadOnlyList<AlertMatcher> Matchers, DateTimeOffset Until, string Reason, DateTimeOffset? From = null);

/// <summary>A silence that comes again and again.</summary>
/// <param name="Name">Names it.</param>
/// <param name="Matchers">Conditions that must all be fulfilled; at least one.</param>
/// <param name="Cron">When it opens: minute, hour, day of month, month, day of week.</param>
/// <param name="TimeZone">The zone that the expression is read in; daylight-saving changes are followed.</param>
/// <param name="DurationMinutes">How long it stays open, 1 minute to 7 days.</param>
/// <param name="Reason">Why.</param>
/// <param name="Enabled">Whether it counts.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MaintenanceWindow(string Name, IReadOnlyList<AlertMatcher> Matchers, string Cron, string TimeZone, int DurationMinutes, string Reason, bool Enabled = true);
