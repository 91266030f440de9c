using EnergyTTT.Simulation.Placements;
using EnergyTTT.Simulation.Steering;

namespace EnergyTTT.Simulation.Experiments;

/// <summary>One way of running the same fleet under the same offered load.</summary>
/// <param name="Name">For people.</param>
/// <param name="Steering">The epochs of its engines.</param>
/// <param name="Placement">Makes its placement; arms share nothing.</param>
public sealed record FleetArm(string Name, IEpochSource Steering, Func<IRequestPlacement> Placement)
{
    /// <summary>Plain top-k, round robin.</summary>
    public static FleetArm Baseline { get; } = new("Baseline, round robin", FixedSteering.Baseline, () => new RoundRobinPlacement());

    /// <summary>Marginal consolidation (the batch-aware step of EnergyAwareTTT), affinity placement and thermal prices together.</summary>
    public static FleetArm EnergyAware(double guardBound) => new($"EnergyAwareTTT (guard {guardBound:.00}), affinity and heat", FixedSteering.Consolidation("marginal", guardBound), () => new AffinityPlacement(new()));

    /// <summary>Marginal consolidation alone.</summary>
    public static FleetArm ConsolidationOnly(double guardBound) => new($"marginal consolidation alone (guard {guardBound:.00})", FixedSteering.Consolidation("marginal", guardBound), () => new RoundRobinPlacement());

    /// <summary>Greedy consolidation alone.</summary>
    public static FleetArm GreedyOnly(double guardBound) => new($"greedy consolidation alone (guard {guardBound:.00})", FixedSteering.Consolidation("consolidate", guardBound), () => new RoundRobinPlacement());

    /// <summary>Affinity placement alone.</summary>
    public static FleetArm AffinityOnly { get; } = new("affinity placement alone", FixedSteering.Baseline, () => new AffinityPlacement(new() { HeatPenalty = 0 }));

    /// <summary>Thermal prices alone.</summary>
    public static FleetArm HeatOnly { get; } = new("thermal prices alone", FixedSteering.Baseline, () => new AffinityPlacement(new() { ExpertsOfAStranger = 0 }));
}
