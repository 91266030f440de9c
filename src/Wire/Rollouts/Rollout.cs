using System.Text.Json.Serialization;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Wire.Rollouts;

/// <summary>A change that is to be tried on a part of the routers first, posted to <c>/v1/policies/{scope}/rollouts</c> with <c>If-Match: "VERSION"</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RolloutRequest
{
    /// <summary>Everything that the scope would set.</summary>
    public required PolicyDocument Document { get; init; }

    /// <summary>Why; 1 to 2,000 characters.</summary>
    public required string Reason { get; init; }

    /// <summary>Share of the routers, above 0 to 1: a stable hash of a router's key chooses, and a greater share keeps those of a smaller one. 0.05 when left out.</summary>
    public double? Share { get; init; }

    /// <summary>Only routers of these deployments; null for all that the scope reaches.</summary>
    public IReadOnlyList<string>? Deployments { get; init; }

    /// <summary>Only routers of deployments all of whose GPUs stand in these racks; null for all.</summary>
    public IReadOnlyList<string>? Racks { get; init; }

    /// <summary>What rolls it back by itself; the usual guards when left out.</summary>
    public RolloutGuards? Guards { get; init; }

    /// <summary>Seconds without a breach after which it promotes itself, at least 10; null leaves that to a person.</summary>
    public int? PromoteAfterSeconds { get; init; }
}

/// <summary>
/// What rolls a rollout back by itself: routers that apply the new version are compared with the same deployments before it. A bound that is null does not guard, and is written as null: what is left out is the usual bound.
/// </summary>
/// <param name="LatencyP95RiseMax">Greatest rise of the 95th percentile of milliseconds per step, as a share of before; 0.1 is 10 %.</param>
/// <param name="RetainedMassFallMax">Greatest fall of the mean retained gate mass in the chosen routers.</param>
/// <param name="JoulesPerTokenRiseMax">Greatest rise of joules per token within equal bands of batch sizes, as a share of before.</param>
/// <param name="ErrorShareMax">Greatest share of feedback that is refused or whose receipt does not match.</param>
/// <param name="TelemetryLossMax">Greatest share of GPUs and replicas that fall silent for 15 s although they spoke before.</param>
/// <param name="BaselineSeconds">Seconds before the rollout that are compared with. 30 to 3,600.</param>
/// <param name="WindowSeconds">Newest seconds that are judged. 10 to 600.</param>
/// <param name="LeastChunks">Chunks that both sides need before a comparison counts. 3 to 1,000.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RolloutGuards(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? LatencyP95RiseMax = 0.1,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? RetainedMassFallMax = 0.01,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? JoulesPerTokenRiseMax = 0.05,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? ErrorShareMax = 0.02,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? TelemetryLossMax = 0.1,
    int BaselineSeconds = 300,
    int WindowSeconds = 60,
    int LeastChunks = 10);

/// <summary>How a rollout stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RolloutState>))]
public enum RolloutState
{
    /// <summary>The chosen routers apply the new version.</summary>
    [JsonStringEnumMemberName("running")] Running = 0,

    /// <summary>As running, and it does not promote itself. Its guards go on.</summary>
    [JsonStringEnumMemberName("paused")] Paused = 1,

    /// <summary>Over: the new version is in force everywhere.</summary>
    [JsonStringEnumMemberName("promoted")] Promoted = 2,

    /// <summary>Over: the version before is in force everywhere.</summary>
    [JsonStringEnumMemberName("rolled_back")] RolledBack = 3,
}

/// <summary>A rollout as it is kept.</summary>
public sealed record Rollout
{
    /// <summary>What stands in <see cref="ChangedBy"/> when its guards changed it.</summary>
    public const string Guards = "guards";

    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>The scope whose policy it changes.</summary>
    public required string Scope { get; init; }

    /// <summary>The version in force when it began; 0 when nothing was set.</summary>
    public required long BaseVersion { get; init; }

    /// <summary>The version that is tried.</summary>
    public required long Version { get; init; }

    /// <summary>What that version sets.</summary>
    public required PolicyDocument Document { get; init; }

    /// <summary>How it stands.</summary>
    public required RolloutState State { get; init; }

    /// <summary>Counts its changes: who changes it says which one he has seen.</summary>
    public required long Revision { get; init; }

    /// <summary>What it chooses and guards.</summary>
    public required RolloutPlan Plan { get; init; }

    /// <summary>Who began it.</summary>
    public required string Author { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>The second person who approved it; null where none was asked for.</summary>
    public string? ApprovedBy { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it was changed last.</summary>
    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who changed it last; <c>guards</c> when it rolled itself back.</summary>
    public required string ChangedBy { get; init; }

    /// <summary>Why it was changed last.</summary>
    public string? Cause { get; init; }

    /// <summary>Whether it is not over.</summary>
    [JsonIgnore]
    public bool IsOpen => State is RolloutState.Running or RolloutState.Paused;

    /// <summary>Whether it chooses a router.</summary>
    public bool Chooses(string deployment, int layer) => Plan.Chooses(Id, deployment, layer);
}

/// <summary>What a rollout chooses and guards.</summary>
public sealed record RolloutPlan
{
    /// <summary>Share of the routers.</summary>
    public required double Share { get; init; }

    /// <summary>The deployments that it may choose from; null for every one that the scope reaches.</summary>
    public IReadOnlyList<string>? Deployments { get; init; }

    /// <summary>The racks that were asked for; the deployments in them are named in <see cref="Deployments"/>.</summary>
    public IReadOnlyList<string>? Racks { get; init; }

    /// <summary>What rolls it back by itself.</summary>
    public required RolloutGuards Guards { get; init; }

    /// <summary>Seconds without a breach after which it promotes itself; null leaves that to a person.</summary>
    public int? PromoteAfterSeconds { get; init; }

    /// <summary>How the deployments were before it, by name: what its guards compare with. Null until that was looked up.</summary>
    public IReadOnlyDictionary<string, Vitals>? Before { get; init; }

    /// <summary>GPUs that sent readings when it began.</summary>
    public IReadOnlyList<string> Gpus { get; init; } = [];

    /// <summary>Whether it chooses a router.</summary>
    public bool Chooses(long rollout, string deployment, int layer) =>
        Deployments?.Contains(deployment, StringComparer.Ordinal) != false && (Share >= 1 || RouterHash.Of(rollout, deployment, layer) < Share);
}
