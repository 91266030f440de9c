using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Simulation.Placements;

/// <summary>Any replica, seeded.</summary>
public sealed class RandomPlacement(int seed) : IRequestPlacement
{
    private readonly Random _random = new(seed);

    /// <inheritdoc/>
    public ValueTask<string?> PlaceAsync(string deployment, PlacementQuestion question, IReadOnlyList<ReplicaLoad> replicas, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(replicas);

        return ValueTask.FromResult<string?>(replicas[_random.Next(replicas.Count)].Id);
    }
}
