using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Simulation.Fleets;

/// <summary>What a fleet did in an interval, as it would be posted.</summary>
/// <param name="Telemetry">One batch per host.</param>
/// <param name="Feedback">Chunks that ended, with their deployment.</param>
public sealed record FleetStep(IReadOnlyList<TelemetryBatch> Telemetry, IReadOnlyList<DeploymentFeedback> Feedback);

/// <summary>A chunk and the deployment that it is posted to.</summary>
/// <param name="Deployment">The deployment's id.</param>
/// <param name="Feedback">The chunk.</param>
public sealed record DeploymentFeedback(string Deployment, ChunkFeedback Feedback);
