namespace EnergyTTT.History.Seals;

/// <summary>The columns of a stored frame in the order of <c>telemetry.frame</c>, without the GPU: sealed frames are of one. The numbers are part of the sealed format.</summary>
internal enum FrameColumn
{
    /// <summary>Microseconds since 2000, as PostgreSQL counts.</summary>
    Time = 0,

    /// <summary>Microseconds since 2000.</summary>
    Received = 1,

    Sequence = 2,
    Boot = 3,
    Seconds = 4,
    EnergyJoules = 5,
    PowerAverageWatts = 6,
    PowerMaxWatts = 7,
    TemperatureCelsius = 8,
    MemoryTemperatureCelsius = 9,
    ThermalMarginCelsius = 10,
    UtilizationRatio = 11,
    MemoryActivityRatio = 12,
    MemoryUsedBytes = 13,
    MemoryTotalBytes = 14,
    SmClockHertz = 15,
    MemoryClockHertz = 16,
    PowerLimitWatts = 17,
    FanRatio = 18,
    ThrottleSwPowerCapSeconds = 19,
    ThrottleSwThermalSeconds = 20,
    ThrottleHwThermalSeconds = 21,
    ThrottlePowerBrakeSeconds = 22,
    Tokens = 23,
    Samples = 24,
    Origin = 25,
    EnergyMethod = 26,
}

/// <summary>What is known of the columns.</summary>
internal static class FrameColumnFacts
{
    /// <summary>Number of columns.</summary>
    public const int Count = 27;

    /// <summary>The readings: what a metric of the catalogue is made of, and what counts as a value.</summary>
    public static readonly IReadOnlyList<FrameColumn> Readings = [.. Enumerable.Range((int)FrameColumn.EnergyJoules, FrameColumn.Samples - FrameColumn.EnergyJoules + 1).Select(number => (FrameColumn)number)];

    /// <summary>Whether the column holds the bits of doubles; the others hold whole numbers.</summary>
    public static bool IsReal(this FrameColumn column) => column is >= FrameColumn.Seconds and <= FrameColumn.ThrottlePowerBrakeSeconds and not (FrameColumn.MemoryUsedBytes or FrameColumn.MemoryTotalBytes);

    /// <summary>Bytes of the column's type in PostgreSQL.</summary>
    public static int Width(this FrameColumn column) => column switch
    {
        FrameColumn.Boot or FrameColumn.Samples => 4,
        FrameColumn.Origin or FrameColumn.EnergyMethod => 2,
        _ => 8,
    };
}
