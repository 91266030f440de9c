using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Deployments;

/// <summary>One MoE model served on a set of GPUs, as put to <c>/v1/deployments/{id}</c>.</summary>
public sealed record DeploymentDescription
{
    /// <summary>The model, for people, such as <c>Qwen3-30B-A3B</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Number of MoE layers; 1 to 1,024.</summary>
    public required int Layers { get; init; }

    /// <summary>Experts per layer; 1 to 4,096.</summary>
    public required int Experts { get; init; }

    /// <summary>Experts that each token uses; 1 to <see cref="Experts"/>.</summary>
    public required int TopK { get; init; }

    /// <summary>How the gate turns logits into scores.</summary>
    public required GateFunction Gate { get; init; }

    /// <summary>The space that a bias is added in.</summary>
    public required BiasSpace BiasSpace { get; init; }

    /// <summary>How much of an epoch the engines carry out; null for <see cref="EngineSelector.Full"/>.</summary>
    public EngineSelector? Selector { get; init; }

    /// <summary>Whether the whole deployment is a simulation: its routers then learn from simulated readings, and what they learn stays among simulations.</summary>
    public bool IsSimulated { get; init; }

    /// <summary>The copies of the model that decode side by side.</summary>
    public required IReadOnlyList<ReplicaDescription> Replicas { get; init; }

    /// <summary>Name of the kernel cost table in force; null while the deployment has none (prices stay equal then).</summary>
    public string? CostTable { get; init; }

    /// <summary>
    /// How many MoE layers of the model each reported layer stands for, where an engine reports a sample of them; 1 to 1,024, null for 1. The ledger counts a
    /// layer's modelled joules as many times.
    /// </summary>
    public int? LayerRepeat { get; init; }

    /// <summary>Free labels.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>One copy of the model.</summary>
public sealed record ReplicaDescription
{
    /// <summary>Unique within the deployment.</summary>
    public required string Id { get; init; }

    /// <summary>The UUIDs of the GPUs that it runs on.</summary>
    public required IReadOnlyList<string> Gpus { get; init; }

    /// <summary>Which of <see cref="Gpus"/> (by position) holds each expert; null when every GPU holds all (or there is one).</summary>
    public IReadOnlyList<int>? Placement { get; init; }
}

/// <summary>How much of an epoch an engine carries out.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EngineSelector>))]
public enum EngineSelector
{
    /// <summary>All of it: bias, prices, the guard of each token, the step over the batch.</summary>
    [JsonStringEnumMemberName("full")] Full = 0,

    /// <summary>
    /// A bias per expert and nothing else, as engines take whose only door is the bias of the model's own gate. No token is guarded there, so the spread of the
    /// bias is what bounds the loss of gate mass.
    /// </summary>
    [JsonStringEnumMemberName("bias_only")] BiasOnly = 1,
}

/// <summary>How a gate turns logits into scores.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GateFunction>))]
public enum GateFunction
{
    /// <summary>softmax over all experts.</summary>
    [JsonStringEnumMemberName("softmax")] Softmax = 0,

    /// <summary>sigmoid of each logit by itself.</summary>
    [JsonStringEnumMemberName("sigmoid")] Sigmoid = 1,
}

/// <summary>The space that a bias is added in. A spread that is mild in logits destroys a softmax score, so it is part of every message.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BiasSpace>))]
public enum BiasSpace
{
    /// <summary>Added to the gate's logits.</summary>
    [JsonStringEnumMemberName("logit")] Logit = 0,

    /// <summary>Added to softmax probabilities.</summary>
    [JsonStringEnumMemberName("softmax_score")] SoftmaxScore = 1,

    /// <summary>Added to sigmoid scores.</summary>
    [JsonStringEnumMemberName("sigmoid_score")] SigmoidScore = 2,

    /// <summary>Added to square roots of softplus scores.</summary>
    [JsonStringEnumMemberName("sqrtsoftplus_score")] SqrtSoftplusScore = 3,
}
