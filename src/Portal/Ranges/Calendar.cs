namespace EnergyTTT.Portal.Ranges;

/// <summary>Calendar arithmetic in a time zone: days, weeks, months and years are those on the wall, also across daylight-saving changes.</summary>
public static class Calendar
{
    /// <summary>The moment that many units later; seconds, minutes and hours are elapsed time, longer units are those on the wall.</summary>
    public static DateTimeOffset Shift(DateTimeOffset moment, int amount, char unit, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (amount == 0)
        {
            return moment;
        }

        switch (unit)
        {
            case 's': return moment.AddSeconds(amount);
            case 'm': return moment.AddMinutes(amount);
            case 'h': return moment.AddHours(amount);
        }

        var wall = TimeZoneInfo.ConvertTime(moment, zone).DateTime;
        return OnWall(
            unit switch
            {
                'd' => wall.AddDays(amount),
                'w' => wall.AddDays(7 * amount),
                'M' => wall.AddMonths(amount),
                'y' => wall.AddYears(amount),
                _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "one of s, m, h, d, w, M, y expected"),
            },
            zone);
    }

    /// <summary>The start of the unit that the moment lies in, or the start of the next one. Weeks start on Monday.</summary>
    public static DateTimeOffset Round(DateTimeOffset moment, char unit, TimeZoneInfo zone, bool end)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var local = TimeZoneInfo.ConvertTime(moment, zone);
        if (unit is 's' or 'm' or 'h')
        {
            var ticks = unit switch { 's' => TimeSpan.TicksPerSecond, 'm' => TimeSpan.TicksPerMinute, _ => TimeSpan.TicksPerHour };
            // Rounded on the wall clock's own offset, so that half-hour zones get their own full hours.
            var start = new DateTimeOffset(local.Ticks - (local.Ticks % ticks), local.Offset);
            return (end ? start.AddTicks(ticks) : start).ToUniversalTime();
        }

        var day = local.Date;
        var first = unit switch
        {
            'd' => day,
            'w' => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
            'M' => new DateTime(day.Year, day.Month, 1),
            'y' => new DateTime(day.Year, 1, 1),
            _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "one of s, m, h, d, w, M, y expected"),
        };
        var next = unit switch { 'd' => first.AddDays(1), 'w' => first.AddDays(7), 'M' => first.AddMonths(1), _ => first.AddYears(1) };
        return OnWall(end ? next : first, zone);
    }

    private static DateTimeOffset OnWall(DateTime wall, TimeZoneInfo zone)
    {
        var unspecified = DateTime.SpecifyKind(wall, DateTimeKind.Unspecified);
        // A time that daylight saving skips is moved on to the first one that exists.
        while (zone.IsInvalidTime(unspecified))
        {
            unspecified = unspecified.AddMinutes(15);
        }

        return new DateTimeOffset(unspecified, zone.GetUtcOffset(unspecified)).ToUniversalTime();
    }
}
