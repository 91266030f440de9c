using EnergyTTT.Client.Steering;

namespace EnergyTTT.Client.Feedback;

/// <summary>The replica's mean usage signature. Placeholder until Selection has signatures.</summary>
internal sealed class ReplicaSignature(FleetSteeringOptions options)
{
    public IReadOnlyList<float>? Add(Chunk chunk) => options is null || chunk is null ? [] : null;
}
