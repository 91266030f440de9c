namespace EnergyTTT.Routing.Feedback;

/// <summary>What is known about one step, or one flush window, of one layer. An empty span is a missing block.</summary>
public readonly ref struct StepFeedback
{
    /// <summary>n, <c>[experts]</c>: token slots per expert.</summary>
    public ReadOnlySpan<long> ExpertCounts { get; init; }

    /// <summary>p, <c>[experts]</c>: mean gate probability per expert.</summary>
    public ReadOnlySpan<float> MeanGateProbability { get; init; }

    /// <summary>c_marg, <c>[experts]</c>: marginal cost per expert in joules; standardised across experts inside.</summary>
    public ReadOnlySpan<double> MarginalJoules { get; init; }

    /// <summary>Gradient norms: one per expert or per tensor, as <see cref="ContextStatistics"/> gives them.</summary>
    public ContextStatistics? Context { get; init; }

    /// <summary>The readings of the GPU.</summary>
    public TelemetryFeatures Telemetry { get; init; }

    /// <summary>What the engine was doing.</summary>
    public EnginePhase Phase { get; init; }
}
