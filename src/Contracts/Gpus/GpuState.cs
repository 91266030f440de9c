using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Contracts.Gpus;

/// <summary>The latest known state of one GPU, as its grain publishes it to the fleet view.</summary>
[GenerateSerializer, Immutable, Alias("gpu-state")]
public sealed record GpuState
{
    /// <summary>The GPU.</summary>
    [Id(0)] public required GpuId Gpu { get; init; }

    /// <summary>The site, or null when the sender named none.</summary>
    [Id(1)] public string? Site { get; init; }

    /// <summary>The rack, or null when the sender named none.</summary>
    [Id(2)] public string? Rack { get; init; }

    /// <summary>The host.</summary>
    [Id(3)] public required string Host { get; init; }

    /// <summary>What does not change from second to second; null until the sender has described the GPU.</summary>
    [Id(4)] public GpuDescription? Description { get; init; }

    /// <summary>The newest frame by its own time.</summary>
    [Id(5)] public required Frame Latest { get; init; }

    /// <summary>When the server received <see cref="Latest"/>, by the server's clock. The age of the data counts from here.</summary>
    [Id(6)] public required DateTimeOffset Received { get; init; }

    /// <summary>The sender's clock minus the server's when <see cref="Latest"/> came, in seconds; null when unknown.</summary>
    [Id(7)] public double? ClockSkewSeconds { get; init; }

    /// <summary>Die temperature expected in 30 s if power stays as it is, in degrees Celsius; null while not known.</summary>
    [Id(8)] public double? ForecastCelsius { get; init; }

    /// <summary>Running mean absolute error of that forecast on this GPU, in degrees Celsius; null while not known.</summary>
    [Id(9)] public double? ForecastErrorCelsius { get; init; }

    /// <summary>Joules summed over all frames that this GPU ever had accepted.</summary>
    [Id(10)] public double EnergyTotalJoules { get; init; }
}
