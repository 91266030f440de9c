using System.Text.Json.Serialization;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Fleet;

/// <summary>
/// The fleet at one moment in columns: entry i of every column is about the same GPU. Ordered by site, rack, host and identity.
/// null where the sensor was silent or nobody has said.
/// </summary>
public sealed record FleetColumns
{
    /// <summary>Grows with every snapshot.</summary>
    public required long Version { get; init; }

    /// <summary>When the snapshot was made, by the server's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>GPUs in the columns.</summary>
    public required int Count { get; init; }

    public required string[] Gpu { get; init; }
    public required string?[] Site { get; init; }
    public required string?[] Rack { get; init; }
    public required string[] Host { get; init; }
    public required string?[] Model { get; init; }
    public required string?[] State { get; init; }
    public required Origin[] Origin { get; init; }

    /// <summary>Seconds since the server received the latest frame.</summary>
    public required double[] AgeSeconds { get; init; }
    public required DateTimeOffset[] FrameTime { get; init; }
    public required double?[] PowerAverageWatts { get; init; }
    public required double?[] PowerLimitWatts { get; init; }
    public required double?[] TemperatureCelsius { get; init; }
    public required double?[] MemoryTemperatureCelsius { get; init; }
    public required double?[] ThermalMarginCelsius { get; init; }
    public required double?[] UtilizationRatio { get; init; }
    public required long?[] MemoryUsedBytes { get; init; }
    public required long?[] MemoryTotalBytes { get; init; }
    public required double[] EnergyTotalJoules { get; init; }
    public required double?[] ForecastCelsius { get; init; }
    public required double?[] ForecastErrorCelsius { get; init; }
    public required double?[] ClockSkewSeconds { get; init; }

    /// <summary>The part of a snapshot that lies in the scope.</summary>
    public static FleetColumns Of(FleetSnapshot snapshot, FleetScope scope, DateTimeOffset now)
    {
        GpuState[] gpus = [.. snapshot.Gpus.Where(scope.Holds)];
        return new FleetColumns
        {
            Version = snapshot.Version,
            Time = snapshot.Time,
            Count = gpus.Length,
            Gpu = Column(gpus, it => it.Gpu.Value),
            Site = Column(gpus, it => it.Site),
            Rack = Column(gpus, it => it.Rack),
            Host = Column(gpus, it => it.Host),
            Model = Column(gpus, it => it.Description?.Model),
            State = Column(gpus, it => it.Description?.State),
            Origin = Column(gpus, it => it.Latest.Origin),
            AgeSeconds = Column(gpus, it => Math.Max(0, (now - it.Received).TotalSeconds)),
            FrameTime = Column(gpus, it => it.Latest.Time),
            PowerAverageWatts = Column(gpus, it => it.Latest.PowerAverageWatts),
            PowerLimitWatts = Column(gpus, it => it.Latest.PowerLimitWatts),
            TemperatureCelsius = Column(gpus, it => it.Latest.TemperatureCelsius),
            MemoryTemperatureCelsius = Column(gpus, it => it.Latest.MemoryTemperatureCelsius),
            ThermalMarginCelsius = Column(gpus, it => it.Latest.ThermalMarginCelsius),
            UtilizationRatio = Column(gpus, it => it.Latest.UtilizationRatio),
            MemoryUsedBytes = Column(gpus, it => it.Latest.MemoryUsedBytes),
            MemoryTotalBytes = Column(gpus, it => it.Latest.MemoryTotalBytes),
            EnergyTotalJoules = Column(gpus, it => it.EnergyTotalJoules),
            ForecastCelsius = Column(gpus, it => it.ForecastCelsius),
            ForecastErrorCelsius = Column(gpus, it => it.ForecastErrorCelsius),
            ClockSkewSeconds = Column(gpus, it => it.ClockSkewSeconds),
        };
    }

    private static T[] Column<T>(GpuState[] gpus, Func<GpuState, T> value) => Array.ConvertAll(gpus, new Converter<GpuState, T>(value));
}

/// <summary>Source-generated JSON of the fleet.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FleetColumns))]
internal sealed partial class FleetJson : JsonSerializerContext;
