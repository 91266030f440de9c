using System.Collections.Immutable;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;

namespace EnergyTTT.Contracts.Proposals;

/// <summary>What became of a verdict on a proposal.</summary>
/// <param name="Outcome">Whether it was done.</param>
/// <param name="Proposal">The proposal as it stands; null when there is none of that number.</param>
/// <param name="Mistakes">What is wrong; empty unless refused.</param>
[GenerateSerializer, Immutable, Alias("proposal-decision")]
public sealed record ProposalDecision(
    [property: Id(0)] ProposalOutcome Outcome,
    [property: Id(1)] PolicyProposal? Proposal,
    [property: Id(2)] ImmutableArray<PolicyMistake> Mistakes);

/// <summary>What became of a verdict on a proposal.</summary>
[GenerateSerializer, Alias("proposal-outcome")]
public enum ProposalOutcome
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>The scope has none of that number.</summary>
    Unknown = 1,

    /// <summary>It was decided, or has expired.</summary>
    Over = 2,

    /// <summary>Another version is in force than the one that it was made from, or a rollout is open in the scope. It still waits.</summary>
    Conflict = 3,

    /// <summary>It has mistakes; nothing was changed.</summary>
    Refused = 4,

    /// <summary>The author may not decide, a machine may not, and nobody else may withdraw.</summary>
    NotYours = 5,
}
