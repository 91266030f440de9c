using System.Collections.Immutable;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.History.Deployments;

/// <summary>A chunk on its way into the usage history.</summary>
/// <param name="DeploymentId">The deployment's compact key.</param>
/// <param name="Feedback">What the engine reported; checked.</param>
/// <param name="Block">The stretch of the hold-out that it was received in.</param>
/// <param name="ModelledJoules">Joules of each layer in <see cref="ChunkFeedback.Layers"/> by the cost table; empty without a table.</param>
/// <param name="Received">When the server received it.</param>
public sealed record ChunkRecord(int DeploymentId, ChunkFeedback Feedback, long Block, ImmutableArray<double> ModelledJoules, DateTimeOffset Received);
