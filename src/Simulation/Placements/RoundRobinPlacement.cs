using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Simulation.Placements;

/// <summary>One replica after the other.</summary>
public sealed class RoundRobinPlacement : IRequestPlacement
{
    private readonly Dictionary<string, int> _next = [];

    /// <inheritdoc/>
    public ValueTask<string?> PlaceAsync(string deployment, PlacementQuestion question, IReadOnlyList<ReplicaLoad> replicas, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(replicas);
        var turn = _next.GetValueOrDefault(deployment);
        _next[deployment] = turn + 1;

        return ValueTask.FromResult<string?>(replicas[turn % replicas.Count].Id);
    }
}
