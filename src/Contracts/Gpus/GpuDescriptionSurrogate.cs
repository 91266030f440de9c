using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Contracts.Gpus;

/// <summary>Carries a <see cref="GpuDescription"/> with its passport between silos; meanings are those of the description.</summary>
[GenerateSerializer, Alias("gpu-description")]
public struct GpuDescriptionSurrogate
{
    [Id(0)] public GpuId Gpu { get; set; }
    [Id(1)] public string? Model { get; set; }
    [Id(2)] public string? Driver { get; set; }
    [Id(3)] public double? PowerLimitMaxWatts { get; set; }
    [Id(4)] public string? PciBusId { get; set; }
    [Id(5)] public string? State { get; set; }
    [Id(6)] public string? StateReason { get; set; }
    [Id(7)] public string? PowerScope { get; set; }
    [Id(8)] public SensorEntrySurrogate[]? Sensors { get; set; }
    [Id(9)] public PowerCapStateSurrogate? PowerCap { get; set; }
}

/// <summary>Carries a <see cref="PowerCapState"/>.</summary>
[GenerateSerializer, Alias("power-cap-state")]
public struct PowerCapStateSurrogate
{
    [Id(0)] public string State { get; set; }
    [Id(1)] public double Watts { get; set; }
    [Id(2)] public string? Reason { get; set; }
    [Id(3)] public long PolicyVersion { get; set; }
}

/// <summary>Carries one <see cref="SensorEntry"/> of a passport.</summary>
[GenerateSerializer, Alias("sensor-entry")]
public struct SensorEntrySurrogate
{
    [Id(0)] public string Name { get; set; }
    [Id(1)] public bool Supported { get; set; }
    [Id(2)] public string Source { get; set; }
    [Id(3)] public double? TickSeconds { get; set; }
    [Id(4)] public double? AveragedSeconds { get; set; }
    [Id(5)] public string? Note { get; set; }
}

/// <summary>Converts a <see cref="GpuDescription"/> to and from its surrogate.</summary>
[RegisterConverter]
public sealed class GpuDescriptionConverter : IConverter<GpuDescription, GpuDescriptionSurrogate>
{
    /// <inheritdoc/>
    public GpuDescription ConvertFromSurrogate(in GpuDescriptionSurrogate surrogate) => new()
    {
        Gpu = surrogate.Gpu,
        Model = surrogate.Model,
        Driver = surrogate.Driver,
        PowerLimitMaxWatts = surrogate.PowerLimitMaxWatts,
        PciBusId = surrogate.PciBusId,
        State = surrogate.State,
        StateReason = surrogate.StateReason,
        PowerCap = surrogate.PowerCap is { } cap ? new PowerCapState(cap.State, double.IsNaN(cap.Watts) ? null : cap.Watts, cap.Reason, cap.PolicyVersion) : null,
        Passport = surrogate.Sensors is { } sensors
            ? new SensorPassport(
                surrogate.PowerScope,
                [.. sensors.Select(sensor => new SensorEntry(sensor.Name, sensor.Supported, sensor.Source, sensor.TickSeconds, sensor.AveragedSeconds, sensor.Note))])
            : null,
    };

    /// <inheritdoc/>
    public GpuDescriptionSurrogate ConvertToSurrogate(in GpuDescription value) => new()
    {
        Gpu = value.Gpu,
        Model = value.Model,
        Driver = value.Driver,
        PowerLimitMaxWatts = value.PowerLimitMaxWatts,
        PciBusId = value.PciBusId,
        State = value.State,
        StateReason = value.StateReason,
        PowerCap = value.PowerCap is { } cap ? new PowerCapStateSurrogate { State = cap.State, Watts = cap.Watts ?? double.NaN, Reason = cap.Reason, PolicyVersion = cap.PolicyVersion } : null,
        PowerScope = value.Passport?.PowerScope,
        Sensors = value.Passport is { } passport
            ? [.. passport.Sensors.Select(sensor => new SensorEntrySurrogate
            {
                Name = sensor.Name,
                Supported = sensor.Supported,
                Source = sensor.Source,
                TickSeconds = sensor.TickSeconds,
                AveragedSeconds = sensor.AveragedSeconds,
                Note = sensor.Note,
            })]
            : null,
    };
}
