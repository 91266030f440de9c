using System.Collections.Immutable;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Contracts.Deployments;

/// <summary>A deployment as people see it.</summary>
[GenerateSerializer, Immutable, Alias("deployment-view")]
public sealed record DeploymentView
{
    /// <summary>Its name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Counts the descriptions that were put.</summary>
    [Id(1)] public required long Revision { get; init; }

    /// <summary>What was put last.</summary>
    [Id(2)] public required DeploymentDescription Description { get; init; }

    /// <summary>The epoch in force; 0 while none was issued.</summary>
    [Id(3)] public required long Epoch { get; init; }

    /// <summary><c>shadow</c>, <c>canary</c>, <c>promoted</c> or <c>reverted</c>; null while none was issued.</summary>
    [Id(4)] public string? Stage { get; init; }

    /// <summary>The version of the policy in effect.</summary>
    [Id(5)] public required long PolicyVersion { get; init; }

    /// <summary>Where the joules of its savings come from.</summary>
    [Id(6)] public required Origin Origin { get; init; }

    /// <summary>What steering saves against the hold-out; null while there is nothing to say.</summary>
    [Id(7)] public SavingView? Saving { get; init; }

    /// <summary>One entry per replica that reported.</summary>
    [Id(8)] public ImmutableArray<ReplicaView> Replicas { get; init; } = [];

    /// <summary>The last ten minutes of joules and distinct experts, oldest first.</summary>
    [Id(9)] public ImmutableArray<SteeringPoint> Recent { get; init; } = [];
}

/// <summary>What steering saves, by the one definition of the Evidence room.</summary>
/// <param name="Percent">Saved share of joules per token in percent; negative is a loss.</param>
/// <param name="Low">Lower end of the 95 % interval; null while there are too few pairs.</param>
/// <param name="High">Upper end of the 95 % interval; null while there are too few pairs.</param>
/// <param name="Pairs">Paired blocks behind it.</param>
/// <param name="Verdict">Such as <c>saving</c>, <c>loss</c> or <c>inconclusive</c>.</param>
/// <param name="Origin">The weakest origin among its numbers.</param>
[GenerateSerializer, Immutable, Alias("saving-view")]
public sealed record SavingView(
    [property: Id(0)] double Percent,
    [property: Id(1)] double? Low,
    [property: Id(2)] double? High,
    [property: Id(3)] int Pairs,
    [property: Id(4)] string Verdict,
    [property: Id(5)] Origin Origin);

/// <summary>One replica as its feedback shows it.</summary>
/// <param name="Id">Its name within the deployment.</param>
/// <param name="LastChunk">The newest chunk.</param>
/// <param name="Epoch">The epoch that the chunk ran under.</param>
/// <param name="AppliedEpoch">The newest epoch with a receipt; 0 for none.</param>
/// <param name="DigestMatches">Whether that receipt's digest is ours; null without a receipt.</param>
/// <param name="Queue">Requests waiting there; null when not reported.</param>
/// <param name="Load">Requests placed there and not yet counted as gone.</param>
/// <param name="Received">When its newest chunk came.</param>
[GenerateSerializer, Immutable, Alias("replica-view")]
public sealed record ReplicaView(
    [property: Id(0)] string Id,
    [property: Id(1)] long LastChunk,
    [property: Id(2)] long Epoch,
    [property: Id(3)] long AppliedEpoch,
    [property: Id(4)] bool? DigestMatches,
    [property: Id(5)] int? Queue,
    [property: Id(6)] double Load,
    [property: Id(7)] DateTimeOffset Received);

/// <summary>One stretch of one arm.</summary>
/// <param name="Time">End of the stretch.</param>
/// <param name="Arm">Steered or held out.</param>
/// <param name="Tokens">Tokens completed.</param>
/// <param name="JoulesPerToken">Joules per token; null where neither a counter nor a cost table spoke.</param>
/// <param name="DistinctExperts">Mean distinct experts per layer and step; null when not reported.</param>
/// <param name="RetainedMass">Mean retained gate mass; null when not reported.</param>
[GenerateSerializer, Immutable, Alias("steering-point")]
public sealed record SteeringPoint(
    [property: Id(0)] DateTimeOffset Time,
    [property: Id(1)] SteeringArm Arm,
    [property: Id(2)] long Tokens,
    [property: Id(3)] double? JoulesPerToken,
    [property: Id(4)] double? DistinctExperts,
    [property: Id(5)] double? RetainedMass);
