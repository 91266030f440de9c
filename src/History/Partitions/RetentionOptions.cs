namespace EnergyTTT.History.Partitions;

/// <summary>How long each level of telemetry is kept. A coarser level is kept at least as long as the finer one.</summary>
public sealed class RetentionOptions
{
    /// <summary>Frames of one second; 1 hour to 366 days, by default 14 days: about a megabyte per GPU and hour while they are rows, then one or two per GPU and day. Older frames are refused.</summary>
    public TimeSpan Frames { get; set; } = TimeSpan.FromDays(14);

    /// <summary>Roll-ups to a minute; by default 30 days.</summary>
    public TimeSpan Minutes { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Roll-ups to an hour; by default 400 days: a year and some, to compare this month with the same one a year ago.</summary>
    public TimeSpan Hours { get; set; } = TimeSpan.FromDays(400);

    /// <summary>Days for which partitions are made ahead; 1 to 30.</summary>
    public int DaysAhead { get; set; } = 2;

    /// <summary>How often partitions are made and dropped.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(10);
}
