using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Thermal;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Routing.Routers;

/// <summary>What a router answers for one call.</summary>
/// <param name="ExpertIndices">Experts of each token, row-major in <see cref="Shape"/>, best first; <see cref="Selector.Unused"/> marks a slot left empty.</param>
/// <param name="RoutingWeights">Weights of the same slots, from the model's own unbiased gate; each token's sum to 1.</param>
/// <param name="Shape"><c>[tokens, k]</c> or <c>[batch, sequence, k]</c>.</param>
/// <param name="Metadata">What was done and learned.</param>
public sealed record RoutingResult(int[] ExpertIndices, float[] RoutingWeights, IReadOnlyList<int> Shape, RoutingMetadata Metadata)
{
    /// <summary>Lets a caller write <c>var (indices, weights, metadata) = router.Route(...)</c>.</summary>
    public void Deconstruct(out int[] expertIndices, out float[] routingWeights, out RoutingMetadata metadata) => (expertIndices, routingWeights, metadata) = (ExpertIndices, RoutingWeights, Metadata);
}

/// <summary>What a call did.</summary>
/// <param name="Strategy">Name of the strategy.</param>
/// <param name="Selection">What the selector did: retained mass, distinct experts, guard trips, digest of the bias.</param>
/// <param name="Learner">Where the learner stood afterwards.</param>
/// <param name="Updated">Whether fast weights learned after this call.</param>
/// <param name="Thermal">Urgency and thermal state; <see langword="null"/> without telemetry.</param>
/// <param name="PredictedCelsius">Temperature expected 30 s ahead; <see langword="null"/> without enough history.</param>
public sealed record RoutingMetadata(string Strategy, SelectionStatistics Selection, LearnerStatistics Learner, bool Updated, ThermalScale? Thermal, double? PredictedCelsius);
