using System.Text.Json.Serialization;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>
/// One measured point of a cost table: what one execution of an operation took. Energies are of one layer's operation, not of a whole model step.
/// Unknown is null, never 0.
/// </summary>
public sealed record KernelCostRecord
{
    /// <summary>Version of the record's schema; 1.</summary>
    [JsonPropertyName("schema")] public int Schema { get; init; } = 1;

    /// <summary>UUID of the device.</summary>
    [JsonPropertyName("device_uuid")] public string? DeviceUuid { get; init; }

    /// <summary>Product name of the device.</summary>
    [JsonPropertyName("device_name")] public string? DeviceName { get; init; }

    /// <summary>Enforced power limit in watts.</summary>
    [JsonPropertyName("power_limit_w")] public double? PowerLimitWatts { get; init; }

    /// <summary>Clock of the streaming multiprocessors in megahertz.</summary>
    [JsonPropertyName("sm_clock_mhz")] public double? SmClockMegahertz { get; init; }

    /// <summary>Element type, such as <c>bf16</c>.</summary>
    [JsonPropertyName("dtype")] public string? Dtype { get; init; }

    /// <summary>Width of the model.</summary>
    [JsonPropertyName("d_model")] public int? ModelWidth { get; init; }

    /// <summary>Width of one expert.</summary>
    [JsonPropertyName("d_ff")] public int? ExpertWidth { get; init; }

    /// <summary>The operation, such as <c>moe_block</c>.</summary>
    [JsonPropertyName("op")] public required string Operation { get; init; }

    /// <summary>Tokens in the batch, 1 or more.</summary>
    [JsonPropertyName("tokens")] public required double Tokens { get; init; }

    /// <summary>Experts per token; null for operations without experts.</summary>
    [JsonPropertyName("top_k")] public int? TopK { get; init; }

    /// <summary>Experts in the layer; null for operations without experts.</summary>
    [JsonPropertyName("experts")] public int? Experts { get; init; }

    /// <summary>Mean number of distinct experts that the batch activates; null for operations without experts.</summary>
    [JsonPropertyName("distinct_experts")] public double? DistinctExperts { get; init; }

    /// <summary>Joules per execution.</summary>
    [JsonPropertyName("energy_j")] public required double EnergyJoules { get; init; }

    /// <summary>Half-width of the 95 % interval of the joules, or null when not known.</summary>
    [JsonPropertyName("energy_j_ci95")] public double? EnergyJoulesCi95 { get; init; }

    /// <summary>Mean milliseconds per execution.</summary>
    [JsonPropertyName("latency_ms")] public required double LatencyMilliseconds { get; init; }

    /// <summary>95th percentile of the milliseconds, or null when not known.</summary>
    [JsonPropertyName("latency_ms_p95")] public double? LatencyMillisecondsP95 { get; init; }

    /// <summary>Bytes of weights that one expert reads.</summary>
    [JsonPropertyName("weight_bytes")] public long? WeightBytes { get; init; }

    /// <summary>Executions behind the mean.</summary>
    [JsonPropertyName("samples")] public int? Samples { get; init; }

    /// <summary>Mean die temperature in degrees Celsius.</summary>
    [JsonPropertyName("temp_c_mean")] public double? TemperatureCelsius { get; init; }

    /// <summary>When it was measured.</summary>
    [JsonPropertyName("measured_at")] public DateTimeOffset? MeasuredAt { get; init; }

    /// <summary>How the row came about.</summary>
    [JsonPropertyName("source")] public required KernelCostSource Source { get; init; }

    /// <summary>Watts that the row implies: joules over seconds.</summary>
    [JsonIgnore] public double ImpliedWatts => EnergyJoules / (LatencyMilliseconds / 1000);
}
