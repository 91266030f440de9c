using Cronos;

namespace EnergyTTT.Wire.Schedules;

/// <summary>A stretch of time that opens again and again, in a time zone whose daylight-saving changes are followed.</summary>
/// <param name="Cron">When it opens: minute, hour, day of month, month, day of week.</param>
/// <param name="TimeZone">The zone, such as <c>Europe/Amsterdam</c>.</param>
/// <param name="DurationMinutes">How long it stays open.</param>
public readonly record struct CronWindow(string? Cron, string? TimeZone, int DurationMinutes)
{
    /// <summary>The longest time that a window may stay open, in minutes: a week.</summary>
    public const int MostMinutes = 10_080;

    /// <summary>Whether it is open; one that cannot be read never is.</summary>
    public bool IsOpen(DateTimeOffset now) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone ?? "", out var zone) && CronExpression.TryParse(Cron ?? "", out var cron) && DurationMinutes > 0
        && cron!.GetNextOccurrence(now.UtcDateTime.AddMinutes(-DurationMinutes), zone, inclusive: false) is { } opened && opened <= now.UtcDateTime; // parsed

    /// <summary>What is wrong with it, each with the field's name, its value, the bound and a sentence after "FIELD is 'VALUE'; ".</summary>
    public IEnumerable<(string Field, object? Value, string Bound, string Expected)> Mistakes()
    {
        if (!CronExpression.TryParse(Cron ?? "", out _))
        {
            yield return ("cron", Cron, "a cron expression", "minute, hour, day of month, month, day of week expected, such as '0 22 * * *'");
        }

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone ?? "", out _))
        {
            yield return ("time_zone", TimeZone, "a time zone", "a zone such as Europe/Amsterdam or UTC expected");
        }

        if (DurationMinutes is < 1 or > MostMinutes)
        {
            yield return ("duration_minutes", DurationMinutes, "1 to 10080", "it must lie in 1 to 10080 (7 days)");
        }
    }
}
