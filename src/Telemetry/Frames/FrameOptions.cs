namespace EnergyTTT.Telemetry.Frames;

/// <summary>How samples become frames.</summary>
public sealed record FrameOptions
{
    /// <summary>How long a frame may stay open for a counter that has not ticked; above 0, default 10 s. Then averaged power is integrated instead.</summary>
    public TimeSpan LongestHold { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time between two readings over which averaged power is integrated; above 0, default 2 s.</summary>
    public TimeSpan LongestGap { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The greatest power limit of the card in watts, or null when not known. Readings above 1.5 times it are sensor faults.</summary>
    public double? PowerLimitMaxWatts { get; init; }
}
