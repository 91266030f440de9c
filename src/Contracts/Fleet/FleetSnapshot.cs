using System.Collections.Immutable;
using EnergyTTT.Contracts.Gpus;

namespace EnergyTTT.Contracts.Fleet;

/// <summary>The whole fleet at one moment: one is made a second, and every viewer is served from it.</summary>
/// <param name="Version">Counts up with every snapshot of one activation of the fleet grain.</param>
/// <param name="Time">When it was made, by the server's clock.</param>
/// <param name="Gpus">Every known GPU, ordered by site, rack, host and identity (ordinal).</param>
[GenerateSerializer, Immutable, Alias("fleet-snapshot")]
public sealed record FleetSnapshot(
    [property: Id(0)] long Version,
    [property: Id(1)] DateTimeOffset Time,
    [property: Id(2)] ImmutableArray<GpuState> Gpus)
{
    /// <summary>A fleet of which nothing is known yet.</summary>
    public static FleetSnapshot Empty { get; } = new(0, DateTimeOffset.UnixEpoch, []);
}
