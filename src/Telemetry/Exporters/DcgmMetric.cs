namespace EnergyTTT.Telemetry.Exporters;

/// <summary>What is taken from dcgm-exporter, and by which names: up to version 4.5 and from 4.6 on they differ.</summary>
internal enum DcgmMetric
{
    Energy,
    Power,
    PowerInstant,
    Temperature,
    MemoryTemperature,
    Margin,
    PowerLimit,
    PowerLimitMax,
    Utilization,
    MemoryActivity,
    MemoryUsed,
    MemoryFree,
    MemoryTotal,
    SmClock,
    MemoryClock,
    Fan,
    PowerViolation,
    ThermalViolation,
}

internal static class DcgmNames
{
    private static readonly Dictionary<string, DcgmMetric> Metrics = new(StringComparer.Ordinal)
    {
        ["DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"] = DcgmMetric.Energy,
        ["DCGM_FI_DEV_POWER_USAGE"] = DcgmMetric.Power,
        ["DCGM_FI_DEV_BOARD_POWER_WATTS"] = DcgmMetric.Power,
        ["DCGM_FI_DEV_POWER_USAGE_INSTANT"] = DcgmMetric.PowerInstant,
        ["DCGM_FI_DEV_BOARD_POWER_RAW_WATTS"] = DcgmMetric.PowerInstant,
        ["DCGM_FI_DEV_GPU_TEMP"] = DcgmMetric.Temperature,
        ["DCGM_FI_DEV_GPU_TEMP_CELSIUS"] = DcgmMetric.Temperature,
        ["DCGM_FI_DEV_MEMORY_TEMP"] = DcgmMetric.MemoryTemperature,
        ["DCGM_FI_DEV_MEMORY_TEMP_CELSIUS"] = DcgmMetric.MemoryTemperature,
        ["DCGM_FI_DEV_GPU_TEMP_LIMIT"] = DcgmMetric.Margin,
        ["DCGM_FI_DEV_GPU_TEMP_MARGIN_CELSIUS"] = DcgmMetric.Margin,
        ["DCGM_FI_DEV_ENFORCED_POWER_LIMIT"] = DcgmMetric.PowerLimit,
        ["DCGM_FI_DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS"] = DcgmMetric.PowerLimit,
        ["DCGM_FI_DEV_POWER_MGMT_LIMIT_MAX"] = DcgmMetric.PowerLimitMax,
        ["DCGM_FI_DEV_BOARD_POWER_LIMIT_MAX_WATTS"] = DcgmMetric.PowerLimitMax,
        ["DCGM_FI_DEV_GPU_UTIL"] = DcgmMetric.Utilization,
        ["DCGM_FI_DEV_GPU_UTIL_RATIO"] = DcgmMetric.Utilization,
        ["DCGM_FI_DEV_MEM_COPY_UTIL"] = DcgmMetric.MemoryActivity,
        ["DCGM_FI_DEV_FB_USED"] = DcgmMetric.MemoryUsed,
        ["DCGM_FI_DEV_FB_FREE"] = DcgmMetric.MemoryFree,
        ["DCGM_FI_DEV_FB_TOTAL"] = DcgmMetric.MemoryTotal,
        ["DCGM_FI_DEV_SM_CLOCK"] = DcgmMetric.SmClock,
        ["DCGM_FI_DEV_MEM_CLOCK"] = DcgmMetric.MemoryClock,
        ["DCGM_FI_DEV_FAN_SPEED"] = DcgmMetric.Fan,
        ["DCGM_FI_DEV_POWER_VIOLATION"] = DcgmMetric.PowerViolation,
        ["DCGM_FI_DEV_THERMAL_VIOLATION"] = DcgmMetric.ThermalViolation,
    };

    /// <summary>The metric that a name stands for.</summary>
    public static DcgmMetric? Metric(string name) => Metrics.TryGetValue(name, out var metric) ? metric : null;

    /// <summary>
    /// Whether a value is one of the exporter's ways to say "unknown": blanks of 32 and 64 bit integers and of floating point, which after a detour through
    /// double are no longer exact.
    /// </summary>
    public static bool IsBlank(double value) => !double.IsFinite(value) || value >= 9.2e18 || value is >= 140737488355328.0 and <= 140737488355344.0 || value is >= 0x7ffffff0 and <= 0x7fffffff;
}
