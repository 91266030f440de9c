using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Evidence.Switchbacks;

/// <summary>How time is cut into blocks.</summary>
public sealed record SwitchbackOptions
{
    /// <summary>Least length of a block in seconds. Default 30, range 1 to 3,600.</summary>
    [Range(1, 3600)]
    public double LeastSeconds { get; init; } = 30;

    /// <summary>Least tokens of a block. Default 20,000, range 1 to 1e9.</summary>
    [Range(1, 1e9)]
    public double LeastTokens { get; init; } = 20_000;

    /// <summary>Least warm-up that is dropped from the start of each block, in seconds. Default 10, range 0 to 600.</summary>
    [Range(0, 600)]
    public double WarmupSeconds { get; init; } = 10;

    /// <summary>Share of blocks that run without steering for ever. Default 0.05, range 0 to 0.5.</summary>
    [Range(0, 0.5)]
    public double HoldOutShare { get; init; } = 0.05;
}
