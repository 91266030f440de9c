using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Contracts;

/// <summary>Carries a <see cref="GpuId"/> between silos. The Wire room knows nothing of Orleans, so its types travel by surrogates.</summary>
[GenerateSerializer, Alias("gpu-id")]
public struct GpuIdSurrogate
{
    /// <summary>The identity as the driver spells it.</summary>
    [Id(0)] public string Value { get; set; }
}

/// <summary>Converts a <see cref="GpuId"/> to and from its surrogate.</summary>
[RegisterConverter]
public sealed class GpuIdConverter : IConverter<GpuId, GpuIdSurrogate>
{
    /// <inheritdoc/>
    public GpuId ConvertFromSurrogate(in GpuIdSurrogate surrogate) => surrogate.Value.Length == 0 ? default : GpuId.Parse(surrogate.Value);

    /// <inheritdoc/>
    public GpuIdSurrogate ConvertToSurrogate(in GpuId value) => new() { Value = value.Value };
}
