using EnergyTTT.Routing.Feedback;

namespace EnergyTTT.Routing.Routers;

/// <summary>What a host knows about a call besides its gate logits. All of it is optional: unknown is null, never 0.</summary>
public sealed record RoutingContext
{
    /// <summary>Raw gradients of any shape, flattened.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>>? Gradients { get; init; }

    /// <summary>Raw activations of any shape, flattened.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>>? Activations { get; init; }

    /// <summary>The loss.</summary>
    public double? Loss { get; init; }

    /// <summary>What the engine was doing. Default decode.</summary>
    public EnginePhase Phase { get; init; }

    /// <summary>Latency of the last step in milliseconds.</summary>
    public double? LatencyMilliseconds { get; init; }

    /// <summary>Measured joules per token of the last window.</summary>
    public double? JoulesPerToken { get; init; }
}
