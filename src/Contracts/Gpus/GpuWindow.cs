using System.Collections.Immutable;

namespace EnergyTTT.Contracts.Gpus;

/// <summary>The recent past of one GPU, oldest first, with the counts of what was left out of it.</summary>
/// <param name="Seconds">How far back the window reaches from its newest sample, in seconds.</param>
/// <param name="Samples">One entry per frame, ordered by time.</param>
/// <param name="Duplicates">Frames that came again since the grain was activated.</param>
/// <param name="Stale">Frames that came too late for the window since the grain was activated; they are in the history all the same.</param>
[GenerateSerializer, Immutable, Alias("gpu-window")]
public sealed record GpuWindow(
    [property: Id(0)] double Seconds,
    [property: Id(1)] ImmutableArray<GpuSample> Samples,
    [property: Id(2)] long Duplicates,
    [property: Id(3)] long Stale);

/// <summary>
/// One frame as the window keeps it: small, because 10,000 GPUs keep two minutes each. A reading is <see cref="float.NaN"/>
/// where the sensor was silent.
/// </summary>
/// <param name="Time">End of the frame's interval, UTC.</param>
/// <param name="Seconds">Length of the interval in seconds.</param>
/// <param name="PowerWatts">Mean power of the interval in watts.</param>
/// <param name="TemperatureCelsius">Temperature of the die in degrees Celsius.</param>
/// <param name="MemoryTemperatureCelsius">Temperature of the memory in degrees Celsius.</param>
/// <param name="UtilizationRatio">Share of the interval in which a kernel ran, 0 to 1.</param>
[GenerateSerializer, Immutable, Alias("gpu-sample")]
public readonly record struct GpuSample(
    [property: Id(0)] DateTimeOffset Time,
    [property: Id(1)] float Seconds,
    [property: Id(2)] float PowerWatts,
    [property: Id(3)] float TemperatureCelsius,
    [property: Id(4)] float MemoryTemperatureCelsius,
    [property: Id(5)] float UtilizationRatio);
