using System.Collections.Immutable;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;
using Orleans.Concurrency;

namespace EnergyTTT.Contracts.Rollouts;

/// <summary>
/// One rollout while it is open: reads back what every chosen router applies, judges its guards, rolls back or promotes by itself. Key: <c>rollout/NUMBER</c>. Its state is its row in the
/// history; whichever silo is alive wakes it again. Called by the API, the portal and the watch of every silo.
/// </summary>
[GrainInterfaceType("rollout")]
public interface IRolloutGrain : IGrainWithStringKey
{
    /// <summary>The key of a rollout's grain.</summary>
    static string KeyOf(long rollout) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"rollout/{rollout}");

    /// <summary>How it stands now; null when there is none of that number.</summary>
    [Alias("progress"), AlwaysInterleave]
    Task<RolloutProgress?> Progress(CancellationToken cancellationToken = default);

    /// <summary>Changes it. What was answered as done is durable, and deployments have been told.</summary>
    [Alias("act")]
    Task<RolloutDecision> Act(RolloutAction action, RolloutOrder order, string actor, CancellationToken cancellationToken = default);

    /// <summary>Wakes it; nothing else. May be lost.</summary>
    [Alias("wake"), OneWay]
    Task Wake();
}

/// <summary>What became of a rollout.</summary>
/// <param name="Outcome">Whether it was done.</param>
/// <param name="Rollout">The rollout as it stands; null when there is none.</param>
/// <param name="Mistakes">What is wrong; empty unless refused.</param>
/// <param name="Proposal">What it waits as; null unless proposed.</param>
[GenerateSerializer, Immutable, Alias("rollout-decision")]
public sealed record RolloutDecision(
    [property: Id(0)] RolloutOutcome Outcome,
    [property: Id(1)] Rollout? Rollout,
    [property: Id(2)] ImmutableArray<PolicyMistake> Mistakes,
    [property: Id(3)] PolicyProposal? Proposal = null);

/// <summary>What became of a rollout.</summary>
[GenerateSerializer, Alias("rollout-outcome")]
public enum RolloutOutcome
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>Another version is in force than the one that was read, or another rollout is open in the scope.</summary>
    Conflict = 1,

    /// <summary>It has mistakes; nothing was changed.</summary>
    Refused = 2,

    /// <summary>There is none of that number.</summary>
    Unknown = 3,

    /// <summary>It is over.</summary>
    Over = 4,

    /// <summary>It waits as a proposal for another person.</summary>
    Proposed = 5,
}
