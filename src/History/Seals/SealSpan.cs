namespace EnergyTTT.History.Seals;

/// <summary>The hours that sealed frames are packed by, and PostgreSQL's count of microseconds.</summary>
internal static class SealSpan
{
    /// <summary>The length of a span; spans begin at whole hours, UTC.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromHours(1);

    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The begin of the span that holds a moment.</summary>
    public static DateTime Of(DateTime moment) => new(moment.Ticks - (moment.Ticks % Length.Ticks), DateTimeKind.Utc);

    /// <summary>Microseconds since 2000, as frames are sealed by.</summary>
    public static long Microseconds(DateTime moment) => (moment.Ticks - Epoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The moment of a count of microseconds.</summary>
    public static DateTime Moment(long microseconds) => Epoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
