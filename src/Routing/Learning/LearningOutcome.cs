using EnergyTTT.Routing.Strategies;
using EnergyTTT.Selection.Epochs;

namespace EnergyTTT.Routing.Learning;

/// <summary>What a window led to.</summary>
/// <param name="Epoch">The epoch to apply from now on.</param>
/// <param name="IsNew">Whether its bias differs from the last one's; if not, only its expiry has moved.</param>
/// <param name="Updated">Whether fast weights learned from this chunk. The epoch was made before, with weights of earlier chunks.</param>
/// <param name="Proposal">A swap of experts between devices, for strategies that propose one.</param>
/// <param name="Statistics">Where the learner stands.</param>
public sealed record LearningOutcome(SelectionEpoch Epoch, bool IsNew, bool Updated, PlacementProposal? Proposal, LearnerStatistics Statistics);
