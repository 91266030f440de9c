using System.Collections.Immutable;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Telemetry;
using Orleans.Concurrency;

namespace EnergyTTT.Contracts.Routers;

/// <summary>
/// The energy-aware router of one MoE layer of a deployment: its fast weights, its usage history, its proposals. Key:
/// <c>router/DEPLOYMENT/LAYER</c>. Called by its deployment and by the API. Feedback on its way here may be lost (its durable record is the usage
/// history); what was learned since the last snapshot is lost with a silo and said so in <see cref="RouterView.LostUpdates"/>.
/// </summary>
[GrainInterfaceType("router")]
public interface IRouterGrain : IGrainWithStringKey
{
    /// <summary>The key of a router's grain.</summary>
    static string KeyOf(string deployment, int layer) => $"router/{deployment}/{layer}";

    /// <summary>Tells the router what it serves and under which policy; answers the version of the policy that it applies from now on. Repeated freely; what did not change costs nothing.</summary>
    [Alias("configure")]
    Task<long> Configure(RouterSetup setup, CancellationToken cancellationToken = default);

    /// <summary>Takes a layer's part of a chunk that is already durable.</summary>
    [Alias("learn"), OneWay]
    Task Learn(Immutable<RouterChunk> chunk);

    /// <summary>What the router would issue now, given the outlook of its devices; null when it was not configured since it woke up: what it kept may be old.</summary>
    [Alias("propose")]
    Task<RouterProposal?> Propose(ImmutableArray<DeviceOutlook> devices, CancellationToken cancellationToken = default);

    /// <summary>What the router knows and does, for people.</summary>
    [Alias("view"), AlwaysInterleave]
    Task<RouterView> View(CancellationToken cancellationToken = default);

    /// <summary>Takes a snapshot now; answers its number, or null for a strategy without fast weights.</summary>
    [Alias("snapshot")]
    Task<long?> Snapshot(string cause, bool promoted, CancellationToken cancellationToken = default);

    /// <summary>Goes back to a snapshot. Null when done, else why not. Learning goes on from there unless frozen.</summary>
    [Alias("restore")]
    Task<string?> Restore(long number, CancellationToken cancellationToken = default);

    /// <summary>Stops or resumes learning; proposals stay what they are while frozen.</summary>
    [Alias("freeze")]
    Task Freeze(bool frozen, CancellationToken cancellationToken = default);

    /// <summary>Takes over another router's snapshot of the same model and shape. Null when done, else why not.</summary>
    [Alias("adopt")]
    Task<string?> Adopt(Immutable<byte[]> weights, string sidecar, CancellationToken cancellationToken = default);

    /// <summary>How far apart two snapshots are; null when one of them is not kept or cannot be read.</summary>
    [Alias("compare"), AlwaysInterleave]
    Task<SnapshotComparison?> Compare(long left, long right, CancellationToken cancellationToken = default);

    /// <summary>The newest gate samples that can be explained, newest first.</summary>
    [Alias("samples"), AlwaysInterleave]
    Task<ImmutableArray<SampleKey>> Samples(CancellationToken cancellationToken = default);

    /// <summary>Why the selector chooses what it chooses for one row of a kept gate sample, under the proposal of now; null when that sample or row is not kept.</summary>
    [Alias("explain"), AlwaysInterleave]
    Task<RouteExplanation?> Explain(string? replica, long? chunk, int row, CancellationToken cancellationToken = default);
}

/// <summary>What a router serves.</summary>
[GenerateSerializer, Immutable, Alias("router-setup")]
public sealed record RouterSetup
{
    /// <summary>The deployment's compact key in the history.</summary>
    [Id(0)] public required int DeploymentId { get; init; }

    /// <summary>The model: fast weights of another one are refused.</summary>
    [Id(9)] public required string Model { get; init; }

    /// <summary>Experts of the layer.</summary>
    [Id(1)] public required int Experts { get; init; }

    /// <summary>Experts per token.</summary>
    [Id(2)] public required int TopK { get; init; }

    /// <summary>The gate.</summary>
    [Id(3)] public required GateFunction Gate { get; init; }

    /// <summary>The space of the bias.</summary>
    [Id(4)] public required BiasSpace BiasSpace { get; init; }

    /// <summary>The cost table; null for equal costs.</summary>
    [Id(5)] public string? CostTable { get; init; }

    /// <summary>Device of each expert, as a position in the outlooks that come with <see cref="IRouterGrain.Propose"/>; empty when there is one device.</summary>
    [Id(6)] public ImmutableArray<int> DeviceOfExpert { get; init; } = [];

    /// <summary>The policy in effect.</summary>
    [Id(7)] public required EffectivePolicy Policy { get; init; }

    /// <summary>Revision of the deployment: a new one makes the router check its shape again.</summary>
    [Id(8)] public required long Revision { get; init; }

    /// <summary>How much of an epoch the engines carry out.</summary>
    [Id(10)] public EngineSelector Selector { get; init; }

    /// <summary>Whether the whole deployment is a simulation.</summary>
    [Id(11)] public bool IsSimulated { get; init; }
}

/// <summary>A layer's part of a chunk.</summary>
/// <param name="Tokens">Tokens of the chunk.</param>
/// <param name="BatchTokens">Mean tokens per step.</param>
/// <param name="Arm">Steered or held out.</param>
/// <param name="Phase">Decode or prefill.</param>
/// <param name="LatencyMs">Milliseconds per step; null when not reported.</param>
/// <param name="EnergyJoules">Joules of the whole model over the chunk; null when not reported.</param>
/// <param name="Loss">Mean loss; null when not reported.</param>
/// <param name="Layer">What the layer did.</param>
/// <param name="Replica">The replica that ran it.</param>
/// <param name="Chunk">Its number there.</param>
[GenerateSerializer, Immutable, Alias("router-chunk")]
public sealed record RouterChunk(
    [property: Id(0)] long Tokens,
    [property: Id(1)] double BatchTokens,
    [property: Id(2)] SteeringArm Arm,
    [property: Id(3)] InferencePhase Phase,
    [property: Id(4)] double? LatencyMs,
    [property: Id(5)] double? EnergyJoules,
    [property: Id(6)] double? Loss,
    [property: Id(7)] LayerFeedback Layer,
    [property: Id(8)] string Replica = "",
    [property: Id(9)] long Chunk = 0);

/// <summary>How one device stands, as routers need it.</summary>
/// <param name="Gpu">The GPU's UUID.</param>
/// <param name="TemperatureCelsius">Die temperature; null when not known.</param>
/// <param name="ForecastCelsius">Expected die temperature in 30 s; null when not known.</param>
/// <param name="LimitCelsius">Where slowdown begins; null when not known.</param>
/// <param name="PowerWatts">Power; null when not known.</param>
/// <param name="PowerLimitWatts">Enforced power limit; null when not known.</param>
/// <param name="AgeSeconds">Age of these readings.</param>
/// <param name="Origin">Where they come from.</param>
/// <param name="Policy">The policy of its host; null for the defaults.</param>
[GenerateSerializer, Immutable, Alias("device-outlook")]
public sealed record DeviceOutlook(
    [property: Id(0)] string Gpu,
    [property: Id(1)] double? TemperatureCelsius,
    [property: Id(2)] double? ForecastCelsius,
    [property: Id(3)] double? LimitCelsius,
    [property: Id(4)] double? PowerWatts,
    [property: Id(5)] double? PowerLimitWatts,
    [property: Id(6)] double AgeSeconds,
    [property: Id(7)] Origin Origin,
    [property: Id(8)] HardwarePolicy? Policy = null);

/// <summary>What a router would issue.</summary>
/// <param name="Steering">All that a selector needs for the layer.</param>
/// <param name="Step">The learner's update count behind it.</param>
/// <param name="PolicyVersion">The version of the policy that the router applies.</param>
[GenerateSerializer, Immutable, Alias("router-proposal")]
public sealed record RouterProposal(
    [property: Id(0)] LayerSteering Steering,
    [property: Id(1)] long Step,
    [property: Id(2)] long PolicyVersion = -1);

/// <summary>What a router knows and does.</summary>
[GenerateSerializer, Immutable, Alias("router-view")]
public sealed record RouterView
{
    /// <summary>The learner's update count.</summary>
    [Id(0)] public long Step { get; init; }

    /// <summary>The number of the newest snapshot; null when there is none.</summary>
    [Id(1)] public long? SnapshotNumber { get; init; }

    /// <summary>Updates that were lost when the router last resumed from a snapshot.</summary>
    [Id(2)] public long LostUpdates { get; init; }

    /// <summary>Whether learning is stopped.</summary>
    [Id(3)] public bool Frozen { get; init; }

    /// <summary>Why the router started neutral instead of from its snapshot; null when it did not.</summary>
    [Id(4)] public string? StartReason { get; init; }

    /// <summary>Share of slots per expert over the recent past; empty before the first chunk.</summary>
    [Id(5)] public ImmutableArray<double> Usage { get; init; } = [];

    /// <summary>The bias that it proposes; empty for none.</summary>
    [Id(6)] public ImmutableArray<float> Bias { get; init; } = [];

    /// <summary>The prices that it works with; empty for equal ones.</summary>
    [Id(7)] public ImmutableArray<float> Prices { get; init; } = [];

    /// <summary>Numbers of the learner by name, such as <c>gamma</c>, <c>lambda</c>, <c>eta</c>, <c>tokens_seen</c>.</summary>
    [Id(8)] public ImmutableSortedDictionary<string, double> Learner { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>Milliseconds of the last update and of the longest one.</summary>
    [Id(9)] public double LastUpdateMs { get; init; }

    /// <summary>The longest update since activation, in milliseconds.</summary>
    [Id(10)] public double LongestUpdateMs { get; init; }

    /// <summary>The version of the policy that it applies; -1 before it was told one.</summary>
    [Id(11)] public long PolicyVersion { get; init; } = -1;

    /// <summary>Since when it applies that version, by the server's clock; null before it was told one.</summary>
    [Id(12)] public DateTimeOffset? AppliedAt { get; init; }
}
