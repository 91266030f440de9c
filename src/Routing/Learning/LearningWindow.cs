using EnergyTTT.Routing.Feedback;
using EnergyTTT.Routing.Losses;

namespace EnergyTTT.Routing.Learning;

/// <summary>What an engine reports about one step or flush window of one layer. Unknown is null or empty, never 0.</summary>
public sealed record LearningWindow
{
    /// <summary>When the window ended.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Tokens of the window, 1 or more.</summary>
    public required int Tokens { get; init; }

    /// <summary>Tokens of one batch, N: what decides how many experts are shared. Default: all tokens at once.</summary>
    public int BatchTokens { get; init; }

    /// <summary>n: token slots per expert <c>[experts]</c>, as they were really used.</summary>
    public required ReadOnlyMemory<long> ExpertCounts { get; init; }

    /// <summary>A sample of the window's gate logits, before any bias, <c>[rows, experts]</c>; empty = not given.</summary>
    public ReadOnlyMemory<float> GateLogits { get; init; }

    /// <summary>Mean gate probability <c>[experts]</c>: what learning falls back to without a sample; empty = not given.</summary>
    public ReadOnlyMemory<float> MeanGateProbability { get; init; }

    /// <summary>What the engine was doing.</summary>
    public EnginePhase Phase { get; init; }

    /// <summary>Gradients, activations and loss, where the host has them.</summary>
    public ContextStatistics? Context { get; init; }

    /// <summary>The devices of the layer, in the order that the placement numbers them; empty = nothing known.</summary>
    public IReadOnlyList<DeviceReading> Devices { get; init; } = [];

    /// <summary>Measured joules per token of the window under this router: the objective that a rollback watches.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>Latency of a step in milliseconds.</summary>
    public double? LatencyMilliseconds { get; init; }

    /// <summary>Joules that the window saved against the control, where a trial says so; what the learner's own cost is held against.</summary>
    public double? SavedJoules { get; init; }

    /// <summary>What the scoreboard compares with its targets.</summary>
    public ObservedMetrics? Observed { get; init; }
}
