using System.Collections.Immutable;

namespace EnergyTTT.History.Series;

/// <summary>All metrics that <see cref="SeriesReader"/> can answer.</summary>
public static class MetricsCatalogue
{
    /// <summary>All metrics: the fields of a frame in its order, then the derived ones.</summary>
    public static ImmutableArray<Metric> All { get; } =
    [
        new("energy_joules", "J", MetricKind.Amount, "Energy that the whole board took.") { Code = 1 },
        new("power_average_watts", "W", MetricKind.Level, "Mean power.") { Code = 2 },
        new("power_max_watts", "W", MetricKind.Peak, "Greatest power reading.") { Code = 3 },
        new("temperature_celsius", "Cel", MetricKind.Property, "Temperature of the die.") { Code = 4 },
        new("memory_temperature_celsius", "Cel", MetricKind.Property, "Temperature of the memory.") { Code = 5 },
        new("thermal_margin_celsius", "Cel", MetricKind.Property, "Degrees left to the nearest slowdown threshold; negative beyond it.") { Code = 6 },
        new("utilization_ratio", "1", MetricKind.Property, "Share of the time in which a kernel ran.") { Code = 7 },
        new("memory_activity_ratio", "1", MetricKind.Property, "Share of the time in which memory was read or written.") { Code = 8 },
        new("memory_used_bytes", "By", MetricKind.Level, "Device memory in use.") { Code = 9 },
        new("memory_total_bytes", "By", MetricKind.Level, "Device memory in all.") { Code = 10 },
        new("sm_clock_hertz", "Hz", MetricKind.Property, "Clock of the streaming multiprocessors.") { Code = 11 },
        new("memory_clock_hertz", "Hz", MetricKind.Property, "Clock of the memory.") { Code = 12 },
        new("power_limit_watts", "W", MetricKind.Level, "Power limit that is enforced.") { Code = 13 },
        new("fan_ratio", "1", MetricKind.Property, "Speed of the fan.") { Code = 14 },
        new("throttle_sw_power_cap_seconds", "s", MetricKind.Amount, "Time in which the software power cap held the clocks down.") { Code = 15 },
        new("throttle_sw_thermal_seconds", "s", MetricKind.Amount, "Time in which the driver slowed the clocks for heat.") { Code = 16 },
        new("throttle_hw_thermal_seconds", "s", MetricKind.Amount, "Time in which the hardware slowed the clocks for heat.") { Code = 17 },
        new("throttle_power_brake_seconds", "s", MetricKind.Amount, "Time in which an external power brake was asserted.") { Code = 18 },
        new("tokens", "{token}", MetricKind.Amount, "Tokens that the engine on the GPU completed.") { Code = 19 },
        new("samples", "{sample}", MetricKind.Amount, "Power readings behind the frames.") { Code = 20 },
        new("energy_kwh", "kW.h", MetricKind.Amount, "Energy that the whole board took, in kilowatt-hours.", Derived: true) { Code = 1, Scale = 1 / 3.6e6 },
        new("joules_per_token", "J/{token}", MetricKind.Quotient, "Energy per completed token, over the seconds in which both are known; unknown where no token was completed.", Derived: true) { Code = 21 },
        new("idle_watts", "W", MetricKind.Level, "Power drawn in seconds in which no kernel ran, spread over all seconds in which energy and utilisation are known.", Derived: true) { Code = 22 },
    ];

    private static readonly ImmutableDictionary<string, Metric> ByName = All.ToImmutableDictionary(metric => metric.Name, StringComparer.Ordinal);

    /// <summary>The metric of that name; null when there is none.</summary>
    public static Metric? Find(string name) => ByName.GetValueOrDefault(name);
}
