using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Rollouts;

/// <summary>A rollout with what every router really applies and what its guards read.</summary>
/// <param name="Rollout">The rollout.</param>
/// <param name="Chosen">Routers that it chooses.</param>
/// <param name="Applying">Chosen routers that said they apply its version.</param>
/// <param name="Routers">Routers that the scope reaches.</param>
/// <param name="Deployments">By deployment.</param>
/// <param name="Guards">What each guard read last.</param>
/// <param name="At">When this was looked at.</param>
public sealed record RolloutProgress(
    Rollout Rollout, int Chosen, int Applying, int Routers, IReadOnlyList<RolloutDeployment> Deployments, IReadOnlyList<GuardReading> Guards, DateTimeOffset At);

/// <summary>What the routers of one deployment apply, as they said themselves.</summary>
/// <param name="Deployment">Its name.</param>
/// <param name="Layers">Per layer: 0 the version in force, 1 chosen and not yet applying, 2 applying the new version, 3 not chosen and still on another version than the one in force.</param>
/// <param name="Versions">Per layer the version that its router said it applies; -1 when it said nothing yet.</param>
/// <param name="Replicas">Replicas that report.</param>
/// <param name="Confirmed">Replicas whose receipt for the epoch in force matches.</param>
public sealed record RolloutDeployment(string Deployment, IReadOnlyList<int> Layers, IReadOnlyList<long> Versions, int Replicas, int Confirmed);

/// <summary>One guard as it stands.</summary>
/// <param name="Guard"><c>latency_p95</c>, <c>retained_mass</c>, <c>joules_per_token</c>, <c>errors</c> or <c>telemetry</c>.</param>
/// <param name="Deployment">The deployment that is judged.</param>
/// <param name="State">How it stands.</param>
/// <param name="Sentence">The same for a person.</param>
/// <param name="Before">Its number before the rollout; null when not known.</param>
/// <param name="Now">Its number now; null when not known.</param>
/// <param name="Bound">The bound of that number; null when there is none.</param>
public sealed record GuardReading(string Guard, string Deployment, GuardState State, string Sentence, double? Before = null, double? Now = null, double? Bound = null);

/// <summary>How a guard stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GuardState>))]
public enum GuardState
{
    /// <summary>Not enough chunks on one of the two sides.</summary>
    [JsonStringEnumMemberName("no_data")] NoData = 0,

    /// <summary>Within its bound.</summary>
    [JsonStringEnumMemberName("holds")] Holds = 1,

    /// <summary>Beyond its bound.</summary>
    [JsonStringEnumMemberName("broken")] Broken = 2,
}

/// <summary>What is done to a rollout by hand.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RolloutAction>))]
public enum RolloutAction
{
    /// <summary>Keep it as it is.</summary>
    [JsonStringEnumMemberName("pause")] Pause = 0,

    /// <summary>Go on.</summary>
    [JsonStringEnumMemberName("resume")] Resume = 1,

    /// <summary>Choose a greater or smaller share.</summary>
    [JsonStringEnumMemberName("share")] Share = 2,

    /// <summary>Put it in force everywhere.</summary>
    [JsonStringEnumMemberName("promote")] Promote = 3,

    /// <summary>Take it back everywhere.</summary>
    [JsonStringEnumMemberName("rollback")] RollBack = 4,
}

/// <summary>The body of <c>POST .../rollouts/{id}/{action}</c>.</summary>
/// <param name="Reason">Why; required to roll back.</param>
/// <param name="Share">The new share, for that action.</param>
public sealed record RolloutOrder(string? Reason = null, double? Share = null);
