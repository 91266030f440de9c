using System.Collections.Immutable;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Evidence.Blocks;

/// <summary>One timed window of one arm, after its warm-up was dropped. Unknown is null, never 0.</summary>
public sealed record Block
{
    /// <summary>The arm, such as <c>control</c> or <c>treated</c>.</summary>
    public required string Arm { get; init; }

    /// <summary>Position in the order that the blocks ran in; pairs are neighbours.</summary>
    public required int Position { get; init; }

    /// <summary>Length by the monotonic clock, seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Joules of the whole board, idle and router's own cost included; null when the window is invalid.</summary>
    public required double? Joules { get; init; }

    /// <summary>Tokens completed in the window.</summary>
    public required long Tokens { get; init; }

    /// <summary>Where the joules come from.</summary>
    public required Origin Origin { get; init; }

    /// <summary>The GPUs that took the joules, as identities in any order.</summary>
    public ImmutableArray<string> Gpus { get; init; } = [];

    /// <summary>Enforced power limit in watts.</summary>
    public double? PowerLimitWatts { get; init; }

    /// <summary>Mean power by the averaged sensor, watts: the independent check of the joules.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>95th percentile of milliseconds per token.</summary>
    public double? LatencyMillisecondsP95 { get; init; }

    /// <summary><c>decode</c>, <c>prefill</c> or a mixture's name: only like is paired with like.</summary>
    public string? Phase { get; init; }

    /// <summary>Mean tokens per step: paired within a band of a factor of two.</summary>
    public double? BatchTokens { get; init; }

    /// <summary>Temperature at the start, degrees Celsius.</summary>
    public double? StartCelsius { get; init; }

    /// <summary>Resets of the energy counter in the window.</summary>
    public int CounterResets { get; init; }

    /// <summary>Seconds without readings in the window.</summary>
    public double GapSeconds { get; init; }

    /// <summary>Joules per token; null without joules or tokens.</summary>
    public double? JoulesPerToken => Joules is > 0 and var joules && Tokens > 0 ? joules / Tokens : null;

    /// <summary>Tokens per second; 0 without tokens.</summary>
    public double TokensPerSecond => Seconds > 0 ? Tokens / Seconds : 0;
}
