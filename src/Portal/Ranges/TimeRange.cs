namespace EnergyTTT.Portal.Ranges;

/// <summary>From one point in time to another, as a person chose it. Equality is that of both ends.</summary>
/// <param name="From">The left end.</param>
/// <param name="To">The right end.</param>
public sealed record TimeRange(TimePoint From, TimePoint To)
{
    /// <summary>The range that a page shows when its address names none: the last quarter of an hour.</summary>
    public static TimeRange Default { get; } = Last(15, 'm');

    /// <summary>The ranges that the picker offers, in its order.</summary>
    public static IReadOnlyList<(string Name, TimeRange Range)> Presets { get; } =
    [
        ("Last 5 minutes", Last(5, 'm')),
        ("Last 15 minutes", Last(15, 'm')),
        ("Last hour", Last(1, 'h')),
        ("Last 6 hours", Last(6, 'h')),
        ("Last 24 hours", Last(24, 'h')),
        ("Last 7 days", Last(7, 'd')),
        ("Last 30 days", Last(30, 'd')),
        ("Today", Rounded("now/d")),
        ("Yesterday", Rounded("now-1d/d")),
        ("This month", Rounded("now/M")),
    ];

    /// <summary>Whether the range ends now and moves with the clock: the one kind that live values belong to.</summary>
    public bool IsSliding => From.IsRelative && From.Rounding == '\0' && To == TimePoint.Now;

    /// <summary>The last so many units up to now.</summary>
    public static TimeRange Last(int amount, char unit) => new(TimePoint.Ago(amount, unit), TimePoint.Now);

    /// <summary>Both ends as instants. A range that is empty or the wrong way round is turned into the minute before its end.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Resolve(DateTimeOffset now, TimeZoneInfo zone)
    {
        var from = From.Resolve(now, zone);
        var to = To.Resolve(now, zone, end: true);
        return from < to ? (from, to) : (to.AddMinutes(-1), to);
    }

    /// <summary>What the picker's button says.</summary>
    public string Name =>
        Presets.FirstOrDefault(preset => preset.Range == this).Name
        ?? (IsSliding ? $"Last {-From.Offset} {UnitName(From.Unit)}" : "Chosen range");

    private static string UnitName(char unit) => unit switch
    {
        's' => "seconds",
        'm' => "minutes",
        'h' => "hours",
        'd' => "days",
        'w' => "weeks",
        'M' => "months",
        _ => "years",
    };

    private static TimeRange Rounded(string text) =>
        TimePoint.TryParse(text, out var point) ? new(point, point) : throw new FormatException(text);
}
