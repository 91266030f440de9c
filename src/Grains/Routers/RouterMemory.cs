using EnergyTTT.Contracts.Routers;

namespace EnergyTTT.Grains.Routers;

/// <summary>What a router must not forget and cannot learn again. Small; the weights lie in the snapshots.</summary>
[GenerateSerializer, Immutable, Alias("router-memory")]
public sealed record RouterMemory
{
    /// <summary>The name of the persisted state; unique among all grain classes.</summary>
    public const string StateName = "router-memory";

    /// <summary>Versions the persisted form.</summary>
    [Id(0)] public int Format { get; init; } = 1;

    /// <summary>Whether a person has stopped learning.</summary>
    [Id(1)] public bool Frozen { get; init; }

    /// <summary>Digest of the newest snapshot's weights, lower-case hexadecimal; empty before the first.</summary>
    [Id(2)] public string SnapshotSha256 { get; init; } = "";

    /// <summary>What the router served when that snapshot was taken, so that it comes back without being told; null before the first, and in states of version 0.1.</summary>
    [Id(3)] public RouterSetup? Setup { get; init; }
}
