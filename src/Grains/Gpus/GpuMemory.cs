namespace EnergyTTT.Grains.Gpus;

/// <summary>
/// What a GPU's grain keeps over its own end: only what the history cannot answer at once. Written behind, so a crash loses at most
/// <see cref="GpuGrainOptions.WriteInterval"/> of it; the frames themselves are in the history.
/// </summary>
[GenerateSerializer, Alias("gpu-memory")]
public sealed record GpuMemory
{
    /// <summary>The name under which the storage keeps it; no other class may use it (the storage key leaves the class out).</summary>
    public const string StateName = "gpu-memory";

    /// <summary>Joules summed over all frames that were ever accepted.</summary>
    [Id(0)] public double EnergyTotalJoules { get; init; }

    /// <summary>The run of the sender that the newest frame belongs to; null before the first.</summary>
    [Id(1)] public string? Boot { get; init; }

    /// <summary>The greatest sequence seen of that run.</summary>
    [Id(2)] public long Sequence { get; init; }

    /// <summary>Time of the newest frame by its own clock.</summary>
    [Id(3)] public DateTimeOffset Time { get; init; }
}
