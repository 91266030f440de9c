using System.Collections.Immutable;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Wire.Deployments;
using Orleans.Concurrency;

namespace EnergyTTT.Contracts.Deployments;

/// <summary>
/// One MoE model served on a set of GPUs. Key: <c>deployment/NAME</c>. Called by the API for engines, and by the portal. Feedback that was
/// answered is durable and counted once; an epoch is durable before any engine sees it, and its numbers strictly increase. Placements
/// never wait for learning.
/// </summary>
[GrainInterfaceType("deployment")]
public interface IDeploymentGrain : IGrainWithStringKey
{
    /// <summary>The key of a deployment's grain.</summary>
    static string KeyOf(string name) => "deployment/" + name;

    /// <summary>Creates or changes the deployment; the same description again changes nothing.</summary>
    [Alias("describe")]
    Task<DeploymentDecision> Describe(DeploymentDescription description, CancellationToken cancellationToken = default);

    /// <summary>What it is and how it goes; null when it was never described.</summary>
    [Alias("view"), AlwaysInterleave]
    Task<DeploymentView?> View(CancellationToken cancellationToken = default);

    /// <summary>Takes a chunk of all layers and answers the epoch in force.</summary>
    [Alias("report"), AlwaysInterleave]
    Task<FeedbackAnswer> Report(Immutable<ChunkFeedback> feedback, CancellationToken cancellationToken = default);

    /// <summary>The epoch in force, or null when it is no newer than <paramref name="after"/> and none comes within <paramref name="wait"/> (at most 20 s).</summary>
    [Alias("epoch"), AlwaysInterleave]
    Task<SteeringEpoch?> Epoch(long after, TimeSpan wait, CancellationToken cancellationToken = default);

    /// <summary>Where the next request should decode; null when the deployment is not known.</summary>
    [Alias("place"), AlwaysInterleave]
    Task<Immutable<PlacementAnswer>?> Place(Immutable<PlacementQuestion> question, CancellationToken cancellationToken = default);

    /// <summary>What its routers apply and what went wrong, for rollouts.</summary>
    [Alias("vitals"), AlwaysInterleave]
    Task<DeploymentVitals> Vitals(CancellationToken cancellationToken = default);

    /// <summary>A policy that counts here has changed: follow it now and not only at the next look. May be lost.</summary>
    [Alias("policy-changed"), OneWay]
    Task PolicyChanged();

    /// <summary>Takes an engine's receipt; null when the deployment is not known.</summary>
    [Alias("applied"), AlwaysInterleave]
    Task<AppliedReceipt?> Applied(AppliedEpoch applied, CancellationToken cancellationToken = default);
}

/// <summary>What became of a description.</summary>
/// <param name="Revision">The revision in force; 0 when refused and none was there before.</param>
/// <param name="Problems">What is wrong with it; empty when it was taken.</param>
[GenerateSerializer, Immutable, Alias("deployment-decision")]
public sealed record DeploymentDecision(
    [property: Id(0)] long Revision,
    [property: Id(1)] ImmutableArray<SteeringProblem> Problems);

/// <summary>What became of an engine's receipt.</summary>
/// <param name="Matches">Whether its digest is that of the epoch in force.</param>
/// <param name="Problems">What is wrong with it; empty when it was noted.</param>
[GenerateSerializer, Immutable, Alias("applied-receipt")]
public sealed record AppliedReceipt(
    [property: Id(0)] bool Matches,
    [property: Id(1)] ImmutableArray<SteeringProblem> Problems);

/// <summary>What became of a chunk.</summary>
/// <param name="Outcome">Whether it was counted.</param>
/// <param name="Epoch">The epoch in force; null when refused.</param>
/// <param name="Problems">What is wrong with it, all at once; empty unless refused.</param>
[GenerateSerializer, Immutable, Alias("feedback-answer")]
public sealed record FeedbackAnswer(
    [property: Id(0)] FeedbackOutcome Outcome,
    [property: Id(1)] SteeringEpoch? Epoch,
    [property: Id(2)] ImmutableArray<SteeringProblem> Problems);

/// <summary>What became of a chunk.</summary>
[GenerateSerializer, Alias("feedback-outcome")]
public enum FeedbackOutcome
{
    /// <summary>Stored and counted now.</summary>
    Counted = 0,

    /// <summary>It had been counted before; nothing was changed.</summary>
    Duplicate = 1,

    /// <summary>It is wrong; nothing was changed.</summary>
    Refused = 2,

    /// <summary>The deployment was never described.</summary>
    Unknown = 3,

    /// <summary>The database is busy or away; nothing was stored, try again.</summary>
    Busy = 4,
}

/// <summary>One thing that is wrong with a message of steering.</summary>
/// <param name="Field">Where, such as <c>layers[3].expert_counts</c>.</param>
/// <param name="Code">A stable code, such as <c>vector_length</c>.</param>
/// <param name="Reason">The value, the bound and the way out, for a person.</param>
[GenerateSerializer, Immutable, Alias("steering-problem")]
public sealed record SteeringProblem(
    [property: Id(0)] string Field,
    [property: Id(1)] string Code,
    [property: Id(2)] string Reason);
