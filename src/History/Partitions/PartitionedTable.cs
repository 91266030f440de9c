namespace EnergyTTT.History.Partitions;

/// <summary>A table of the schema <c>telemetry</c> that is partitioned by time.</summary>
/// <param name="Name">The table without its schema.</param>
/// <param name="Monthly">True: a partition holds a calendar month. False: a day. Both in UTC.</param>
public sealed record PartitionedTable(string Name, bool Monthly)
{
    /// <summary>Frames, by day.</summary>
    public static PartitionedTable Frame { get; } = new("frame", Monthly: false);

    /// <summary>Sealed frames, by the day of their hour.</summary>
    public static PartitionedTable Sealed { get; } = new("sealed", Monthly: false);

    /// <summary>Roll-ups to a minute, by day.</summary>
    public static PartitionedTable Minutes { get; } = new("frame_1m", Monthly: false);

    /// <summary>Roll-ups to an hour, by month.</summary>
    public static PartitionedTable Hours { get; } = new("frame_1h", Monthly: true);

    /// <summary>First day of the partition that holds <paramref name="day"/>.</summary>
    public DateOnly StartOf(DateOnly day) => Monthly ? new DateOnly(day.Year, day.Month, 1) : day;

    /// <summary>First day after the partition that starts on <paramref name="start"/>.</summary>
    public DateOnly EndOf(DateOnly start) => Monthly ? start.AddMonths(1) : start.AddDays(1);
}
