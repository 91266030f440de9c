using EnergyTTT.Telemetry.Frames;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Exporters;

/// <summary>What is kept of one GPU behind an exporter: its frames, and what was told of it.</summary>
internal sealed class DcgmTrack(DcgmReading first)
{
    // An exporter renews its values every 30 s by default: a frame waits that long for its counter.
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(90);

    private GpuDescription? _told;

    public FrameBuilder Frames { get; } = new(first.Gpu, Origin.Measured, new FrameOptions
    {
        LongestHold = LongestHold,
        PowerLimitMaxWatts = first.Of(DcgmMetric.PowerLimitMax) ?? first.Of(DcgmMetric.PowerLimit),
    });

    /// <summary>The description if it changed since it was told last, or in any case when <paramref name="anyway"/>.</summary>
    public GpuDescription? Tell(DcgmReading reading, bool anyway)
    {
        var now = new GpuDescription
        {
            Gpu = reading.Gpu,
            Model = reading.Model,
            Driver = reading.Driver,
            PciBusId = reading.PciBusId,
            PowerLimitMaxWatts = reading.Of(DcgmMetric.PowerLimitMax) ?? reading.Of(DcgmMetric.PowerLimit),
            State = "ok",
            Passport = new SensorPassport("gpu", [.. Enum.GetValues<DcgmMetric>().Select(metric => Entry(metric, reading))]),
        };
        if (!anyway && _told is { } told && told with { Passport = null } == now with { Passport = null } && told.Passport!.Sensors.SequenceEqual(now.Passport.Sensors))
        {
            return null;
        }

        return _told = now;
    }

    private SensorEntry Entry(DcgmMetric metric, DcgmReading reading)
    {
        var (_, name, known) = reading.Exported.FirstOrDefault(exported => exported.Metric == metric);
        var note = name is null ? "not exported: add it to the exporter's list of counters"
            : !known ? "the exporter says that it is blank"
            : metric == DcgmMetric.Energy && Frames.CounterResets > 0 ? $"resets seen: {Frames.CounterResets}"
            : reading.Mig && metric is DcgmMetric.Utilization or DcgmMetric.MemoryActivity or DcgmMetric.MemoryUsed && reading.Mig ? "MIG: not known of the whole card" : null;
        return new SensorEntry(Field(metric), known, name ?? "not exported", Note: note);
    }

    private static string Field(DcgmMetric metric) => metric switch
    {
        DcgmMetric.Energy => "energy_joules",
        DcgmMetric.Power => "power_average_watts",
        DcgmMetric.PowerInstant => "power_max_watts",
        DcgmMetric.Temperature => "temperature_celsius",
        DcgmMetric.MemoryTemperature => "memory_temperature_celsius",
        DcgmMetric.Margin => "thermal_margin_celsius",
        DcgmMetric.PowerLimit => "power_limit_watts",
        DcgmMetric.PowerLimitMax => "power_limit_max_watts",
        DcgmMetric.Utilization => "utilization_ratio",
        DcgmMetric.MemoryActivity => "memory_activity_ratio",
        DcgmMetric.MemoryUsed => "memory_used_bytes",
        DcgmMetric.MemoryFree => "memory_free_bytes",
        DcgmMetric.MemoryTotal => "memory_total_bytes",
        DcgmMetric.SmClock => "sm_clock_hertz",
        DcgmMetric.MemoryClock => "memory_clock_hertz",
        DcgmMetric.Fan => "fan_ratio",
        DcgmMetric.PowerViolation => "throttle_seconds.sw_power_cap",
        _ => "throttle_seconds.sw_thermal",
    };
}
