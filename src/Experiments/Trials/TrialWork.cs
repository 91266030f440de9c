using EnergyTTT.Experiments.Gates;

namespace EnergyTTT.Experiments.Trials;

/// <summary>What decoding came to, before joules are known.</summary>
internal sealed record TrialWork
{
    /// <summary>Tokens completed.</summary>
    public required long Tokens { get; init; }

    /// <summary>Sum of losses, nats.</summary>
    public required double Loss { get; init; }

    /// <summary>What the gates did.</summary>
    public required GateTotals Gates { get; init; }

    /// <summary>Milliseconds of steps: each one on a CPU, means over a few on a GPU.</summary>
    public required double[] StepMilliseconds { get; init; }

    /// <summary>Moments (timestamps of the clock) and the tokens completed until then, rising.</summary>
    public required List<(long Timestamp, long Tokens)> Progress { get; init; }

    /// <summary>What each request waited for a batch, milliseconds; empty in a closed loop.</summary>
    public IReadOnlyList<double> QueueMilliseconds { get; init; } = [];

    /// <summary>From each request's arrival to its last token, milliseconds; empty in a closed loop.</summary>
    public IReadOnlyList<double> LatencyMilliseconds { get; init; } = [];

    /// <summary>Seconds in which no work was there.</summary>
    public double IdleSeconds { get; init; }
}
