using System.Text.Json.Serialization;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Gpus;

/// <summary>One GPU as the API shows it.</summary>
public sealed record GpuView
{
    public required GpuId Gpu { get; init; }
    public string? Site { get; init; }
    public string? Rack { get; init; }
    public required string Host { get; init; }
    public string? Model { get; init; }
    public string? Driver { get; init; }
    public double? PowerLimitMaxWatts { get; init; }
    public string? PciBusId { get; init; }

    /// <summary><c>ok</c>, <c>degraded</c> or <c>failed</c> as the host said; null when it said nothing.</summary>
    public string? State { get; init; }
    public string? StateReason { get; init; }

    /// <summary>What became of the power cap that policy asks for.</summary>
    public PowerCapState? PowerCap { get; init; }

    /// <summary>When the server received the latest frame.</summary>
    public required DateTimeOffset Received { get; init; }

    /// <summary>Seconds since then.</summary>
    public required double AgeSeconds { get; init; }

    /// <summary>The host's clock minus the server's; null when the host does not send its clock.</summary>
    public double? ClockSkewSeconds { get; init; }

    /// <summary>Joules summed over all frames that this GPU ever had accepted.</summary>
    public required double EnergyTotalJoules { get; init; }

    /// <summary>The latest frame.</summary>
    public required Frame Latest { get; init; }

    /// <summary>What the temperature is expected to be, with the error that such expectations really had.</summary>
    public GpuForecast? Forecast { get; init; }

    /// <summary>The sensors of the card; only when one GPU is asked for.</summary>
    public SensorPassport? Passport { get; init; }

    /// <summary>The view of a state.</summary>
    public static GpuView Of(GpuState state, DateTimeOffset now, bool whole) => new()
    {
        Gpu = state.Gpu,
        Site = state.Site,
        Rack = state.Rack,
        Host = state.Host,
        Model = state.Description?.Model,
        Driver = state.Description?.Driver,
        PowerLimitMaxWatts = state.Description?.PowerLimitMaxWatts,
        PciBusId = state.Description?.PciBusId,
        State = state.Description?.State,
        StateReason = state.Description?.StateReason,
        PowerCap = state.Description?.PowerCap,
        Received = state.Received,
        AgeSeconds = Math.Max(0, (now - state.Received).TotalSeconds),
        ClockSkewSeconds = state.ClockSkewSeconds,
        EnergyTotalJoules = state.EnergyTotalJoules,
        Latest = state.Latest,
        Forecast = state.ForecastCelsius is { } celsius ? new GpuForecast(30, celsius, state.ForecastErrorCelsius) : null,
        Passport = whole ? state.Description?.Passport : null,
    };
}

/// <summary>The die temperature that is expected.</summary>
/// <param name="HorizonSeconds">How far ahead.</param>
/// <param name="TemperatureCelsius">The expectation in degrees Celsius.</param>
/// <param name="MeanAbsoluteErrorCelsius">The running mean absolute error of such expectations on this GPU; null before the first came due.</param>
public sealed record GpuForecast(double HorizonSeconds, double TemperatureCelsius, double? MeanAbsoluteErrorCelsius);

/// <summary>One page of the list of GPUs.</summary>
/// <param name="Gpus">Ordered by identity.</param>
/// <param name="Cursor">To be given for the next page; null on the last.</param>
public sealed record GpuPage(IReadOnlyList<GpuView> Gpus, string? Cursor);

/// <summary>Source-generated JSON of GPUs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GpuPage))]
internal sealed partial class GpuJson : JsonSerializerContext;
