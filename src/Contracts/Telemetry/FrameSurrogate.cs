using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Contracts.Telemetry;

/// <summary>Carries a <see cref="Frame"/> between silos; fields, units and meaning of null are those of the frame.</summary>
[GenerateSerializer, Alias("frame")]
public struct FrameSurrogate
{
    [Id(0)] public GpuId Gpu { get; set; }
    [Id(1)] public long Sequence { get; set; }
    [Id(2)] public DateTimeOffset Time { get; set; }
    [Id(3)] public double Seconds { get; set; }
    [Id(4)] public int Origin { get; set; }
    [Id(5)] public double? EnergyJoules { get; set; }
    [Id(6)] public int? EnergyMethod { get; set; }
    [Id(7)] public double? PowerAverageWatts { get; set; }
    [Id(8)] public double? PowerMaxWatts { get; set; }
    [Id(9)] public double? TemperatureCelsius { get; set; }
    [Id(10)] public double? MemoryTemperatureCelsius { get; set; }
    [Id(11)] public double? ThermalMarginCelsius { get; set; }
    [Id(12)] public double? UtilizationRatio { get; set; }
    [Id(13)] public double? MemoryActivityRatio { get; set; }
    [Id(14)] public long? MemoryUsedBytes { get; set; }
    [Id(15)] public long? MemoryTotalBytes { get; set; }
    [Id(16)] public double? SmClockHertz { get; set; }
    [Id(17)] public double? MemoryClockHertz { get; set; }
    [Id(18)] public double? PowerLimitWatts { get; set; }
    [Id(19)] public double? FanRatio { get; set; }
    [Id(20)] public bool HasThrottleSeconds { get; set; }
    [Id(21)] public double? ThrottleSwPowerCap { get; set; }
    [Id(22)] public double? ThrottleSwThermal { get; set; }
    [Id(23)] public double? ThrottleHwThermal { get; set; }
    [Id(24)] public double? ThrottlePowerBrake { get; set; }
    [Id(25)] public long? Tokens { get; set; }
    [Id(26)] public int? Samples { get; set; }
}

/// <summary>Converts a <see cref="Frame"/> to and from its surrogate.</summary>
[RegisterConverter]
public sealed class FrameConverter : IConverter<Frame, FrameSurrogate>
{
    /// <inheritdoc/>
    public Frame ConvertFromSurrogate(in FrameSurrogate surrogate) => new()
    {
        Gpu = surrogate.Gpu,
        Sequence = surrogate.Sequence,
        Time = surrogate.Time,
        Seconds = surrogate.Seconds,
        Origin = (Origin)surrogate.Origin,
        EnergyJoules = surrogate.EnergyJoules,
        EnergyMethod = (EnergyMethod?)surrogate.EnergyMethod,
        PowerAverageWatts = surrogate.PowerAverageWatts,
        PowerMaxWatts = surrogate.PowerMaxWatts,
        TemperatureCelsius = surrogate.TemperatureCelsius,
        MemoryTemperatureCelsius = surrogate.MemoryTemperatureCelsius,
        ThermalMarginCelsius = surrogate.ThermalMarginCelsius,
        UtilizationRatio = surrogate.UtilizationRatio,
        MemoryActivityRatio = surrogate.MemoryActivityRatio,
        MemoryUsedBytes = surrogate.MemoryUsedBytes,
        MemoryTotalBytes = surrogate.MemoryTotalBytes,
        SmClockHertz = surrogate.SmClockHertz,
        MemoryClockHertz = surrogate.MemoryClockHertz,
        PowerLimitWatts = surrogate.PowerLimitWatts,
        FanRatio = surrogate.FanRatio,
        ThrottleSeconds = surrogate.HasThrottleSeconds
            ? new ThrottleSeconds
            {
                SwPowerCap = surrogate.ThrottleSwPowerCap,
                SwThermal = surrogate.ThrottleSwThermal,
                HwThermal = surrogate.ThrottleHwThermal,
                PowerBrake = surrogate.ThrottlePowerBrake,
            }
            : null,
        Tokens = surrogate.Tokens,
        Samples = surrogate.Samples,
    };

    /// <inheritdoc/>
    public FrameSurrogate ConvertToSurrogate(in Frame value) => new()
    {
        Gpu = value.Gpu,
        Sequence = value.Sequence,
        Time = value.Time,
        Seconds = value.Seconds,
        Origin = (int)value.Origin,
        EnergyJoules = value.EnergyJoules,
        EnergyMethod = (int?)value.EnergyMethod,
        PowerAverageWatts = value.PowerAverageWatts,
        PowerMaxWatts = value.PowerMaxWatts,
        TemperatureCelsius = value.TemperatureCelsius,
        MemoryTemperatureCelsius = value.MemoryTemperatureCelsius,
        ThermalMarginCelsius = value.ThermalMarginCelsius,
        UtilizationRatio = value.UtilizationRatio,
        MemoryActivityRatio = value.MemoryActivityRatio,
        MemoryUsedBytes = value.MemoryUsedBytes,
        MemoryTotalBytes = value.MemoryTotalBytes,
        SmClockHertz = value.SmClockHertz,
        MemoryClockHertz = value.MemoryClockHertz,
        PowerLimitWatts = value.PowerLimitWatts,
        FanRatio = value.FanRatio,
        HasThrottleSeconds = value.ThrottleSeconds is not null,
        ThrottleSwPowerCap = value.ThrottleSeconds?.SwPowerCap,
        ThrottleSwThermal = value.ThrottleSeconds?.SwThermal,
        ThrottleHwThermal = value.ThrottleSeconds?.HwThermal,
        ThrottlePowerBrake = value.ThrottleSeconds?.PowerBrake,
        Tokens = value.Tokens,
        Samples = value.Samples,
    };
}
