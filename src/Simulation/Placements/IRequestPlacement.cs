using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Simulation.Placements;

/// <summary>What is known of a replica when a request is placed.</summary>
/// <param name="Id">The replica.</param>
/// <param name="Gpu">Its GPU.</param>
/// <param name="Active">Requests that decode there.</param>
/// <param name="Waiting">Requests that wait there.</param>
/// <param name="Signature">Mean signature of what decodes there.</param>
public sealed record ReplicaLoad(string Id, string Gpu, int Active, int Waiting, float[] Signature);

/// <summary>Says where the next request decodes: in process, or by asking a server.</summary>
public interface IRequestPlacement
{
    /// <summary>The replica to join; null leaves it to the fleet's own round robin, as when a server does not answer in time.</summary>
    /// <param name="deployment">The deployment that the request is for.</param>
    /// <param name="question">The prompt's signature and expected tokens.</param>
    /// <param name="replicas">The deployment's replicas as they are.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<string?> PlaceAsync(string deployment, PlacementQuestion question, IReadOnlyList<ReplicaLoad> replicas, CancellationToken cancellationToken);
}
