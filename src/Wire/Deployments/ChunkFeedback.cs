using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Deployments;

/// <summary>
/// What an engine reports about one chunk of one replica, all layers together, as posted to <c>/v1/deployments/{id}/feedback</c>.
/// Identified by (deployment, replica, chunk): the same one again is counted once.
/// </summary>
public sealed record ChunkFeedback
{
    /// <summary>The replica that decoded the chunk.</summary>
    public required string Replica { get; init; }

    /// <summary>Counts up per replica; 0 or more.</summary>
    public required long Chunk { get; init; }

    /// <summary>The epoch that was in force; 0 is none.</summary>
    public required long Epoch { get; init; }

    /// <summary>Whether the chunk ran unsteered on purpose.</summary>
    public required SteeringArm Arm { get; init; }

    /// <summary>Tokens in the chunk; above 0.</summary>
    public required long Tokens { get; init; }

    /// <summary>What the engine was doing.</summary>
    public required InferencePhase Phase { get; init; }

    /// <summary>Mean number of tokens that shared a step; above 0.</summary>
    public required double BatchTokens { get; init; }

    /// <summary>Milliseconds per step; null when not measured.</summary>
    public double? LatencyMs { get; init; }

    /// <summary>Joules of the replica's GPUs over the chunk; null when not measured.</summary>
    public double? EnergyJoules { get; init; }

    /// <summary>Mean next-token loss, where the engine has one.</summary>
    public double? Loss { get; init; }

    /// <summary>Requests that wait at this replica.</summary>
    public int? Queue { get; init; }

    /// <summary>The replica's mean usage signature, 64 numbers of length 1; null when it keeps none.</summary>
    public IReadOnlyList<float>? Signature { get; init; }

    /// <summary>The space that the engine adds a bias in; refused when it is not the deployment's. Null trusts the deployment.</summary>
    public BiasSpace? BiasSpace { get; init; }

    /// <summary>One entry per layer, in any order.</summary>
    public required IReadOnlyList<LayerFeedback> Layers { get; init; }
}

/// <summary>What one layer did in a chunk. Vectors have one entry per expert.</summary>
public sealed record LayerFeedback
{
    /// <summary>The layer, 0-based.</summary>
    public required int Layer { get; init; }

    /// <summary>Token slots per expert; sums to tokens x top-k at most.</summary>
    public required IReadOnlyList<long> ExpertCounts { get; init; }

    /// <summary>Mean gate probability per expert; sums to 1 for a softmax gate.</summary>
    public required IReadOnlyList<float> MeanGateProbability { get; init; }

    /// <summary>Tokens by the margin between the k-th and the next score, 16 bins.</summary>
    public IReadOnlyList<long>? MarginHistogram { get; init; }

    /// <summary>Mean retained gate mass, above 0 to 1.</summary>
    public double? RetainedMassMean { get; init; }

    /// <summary>First percentile of the retained gate mass.</summary>
    public double? RetainedMassP01 { get; init; }

    /// <summary>Mean Kullback-Leibler divergence from the gate's own distribution, in nats.</summary>
    public double? KlMean { get; init; }

    /// <summary>Mean number of distinct experts per step.</summary>
    public double? DistinctExpertsMean { get; init; }

    /// <summary>Tokens that the guard gave their own experts back.</summary>
    public long? GuardTrips { get; init; }

    /// <summary>Base64 of at most 16 rows of little-endian float16 gate logits; lets the learner see gates.</summary>
    public string? GateSample { get; init; }

    /// <summary>Gradient norm per expert; null where the host has none.</summary>
    public IReadOnlyList<float>? GradientNorms { get; init; }

    /// <summary>Mean square of activations per expert; null where the host has none.</summary>
    public IReadOnlyList<float>? ActivationEnergy { get; init; }
}

/// <summary>Which side of the continuous hold-out a chunk ran on.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SteeringArm>))]
public enum SteeringArm
{
    /// <summary>Steered by the epoch.</summary>
    [JsonStringEnumMemberName("treated")] Treated = 0,

    /// <summary>Unsteered on purpose, to measure what steering saves.</summary>
    [JsonStringEnumMemberName("held_out")] HeldOut = 1,
}

/// <summary>What an engine was doing in a chunk.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InferencePhase>))]
public enum InferencePhase
{
    /// <summary>One token per sequence and step.</summary>
    [JsonStringEnumMemberName("decode")] Decode = 0,

    /// <summary>Whole prompts.</summary>
    [JsonStringEnumMemberName("prefill")] Prefill = 1,
}
