using EnergyTTT.Simulation.Engines;
using EnergyTTT.Simulation.Racks;

namespace EnergyTTT.Simulation.Fleets;

/// <summary>A host: its GPUs, each with the replica that runs on it.</summary>
/// <param name="Name">The host.</param>
/// <param name="Rack">The rack that it stands in.</param>
/// <param name="Engines">One replica per GPU.</param>
public sealed record SimulatedHost(string Name, SimulatedRack Rack, IReadOnlyList<SimulatedEngine> Engines);
