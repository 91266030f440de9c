using EnergyTTT.Simulation.Experiments;
using EnergyTTT.Simulation.Fleets;
using EnergyTTT.Telemetry.Replays;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Cli.Storage;

/// <summary>Frames that are stored to be measured: what a name says, second by second and host by host.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Origin">Where its numbers come from.</param>
/// <param name="Batches">The batches as hosts send them, in the order of time.</param>
internal sealed record StorageData(string Name, Origin Origin, IReadOnlyList<TelemetryBatch> Batches)
{
    /// <summary>The recorded H100, once: every GPU begins at another second, none repeats one.</summary>
    public static StorageData TraceOnce(int gpus, DateTimeOffset start) => Replayed("recorded trace, each second once", gpus, RecordedTrace.H100.Frames.Count, start);

    /// <summary>The recorded H100 in a loop, as the demo plays it: the same seconds come again every five minutes, which compressors like.</summary>
    public static StorageData TraceInLoop(int gpus, TimeSpan duration, DateTimeOffset start) => Replayed("recorded trace in a loop", gpus, (int)duration.TotalSeconds, start);

    /// <summary>The simulated fleet under its mixed, drifting load: powers with all bits of a double.</summary>
    public static async Task<StorageData> Simulated(TimeSpan duration, DateTimeOffset start, CancellationToken cancellationToken)
    {
        var arm = FleetArm.Baseline;
        var fleet = new SimulatedFleet(SimulatedFleetOptions.Demo with { Start = start }, arm.Placement(), arm.Steering);
        var batches = new List<TelemetryBatch>();
        for (var second = 0; second < duration.TotalSeconds; second++)
        {
            batches.AddRange((await fleet.StepAsync(TimeSpan.FromSeconds(1), cancellationToken)).Telemetry);
        }

        return new StorageData("simulated fleet", Origin.Simulated, batches);
    }

    /// <summary>The readings of a frame that are there, by the names of the metrics catalogue.</summary>
    public static IEnumerable<(string Metric, double Value)> Readings(Frame frame)
    {
        (string, double?)[] readings =
        [
            ("energy_joules", frame.EnergyJoules), ("power_average_watts", frame.PowerAverageWatts), ("power_max_watts", frame.PowerMaxWatts),
            ("temperature_celsius", frame.TemperatureCelsius), ("memory_temperature_celsius", frame.MemoryTemperatureCelsius), ("thermal_margin_celsius", frame.ThermalMarginCelsius),
            ("utilization_ratio", frame.UtilizationRatio), ("memory_activity_ratio", frame.MemoryActivityRatio), ("memory_used_bytes", frame.MemoryUsedBytes), ("memory_total_bytes", frame.MemoryTotalBytes),
            ("sm_clock_hertz", frame.SmClockHertz), ("memory_clock_hertz", frame.MemoryClockHertz), ("power_limit_watts", frame.PowerLimitWatts), ("fan_ratio", frame.FanRatio),
            ("throttle_sw_power_cap_seconds", frame.ThrottleSeconds?.SwPowerCap), ("throttle_sw_thermal_seconds", frame.ThrottleSeconds?.SwThermal),
            ("throttle_hw_thermal_seconds", frame.ThrottleSeconds?.HwThermal), ("throttle_power_brake_seconds", frame.ThrottleSeconds?.PowerBrake), ("tokens", frame.Tokens), ("samples", frame.Samples),
        ];
        return readings.Where(reading => reading.Item2 is not null).Select(reading => (reading.Item1, reading.Item2!.Value)); // not null by the line before
    }

    private static StorageData Replayed(string name, int gpus, int seconds, DateTimeOffset start)
    {
        var replay = new ReplaySource(new ReplayOptions { Gpus = gpus, Boot = "bench" }, TimeProvider.System);
        return new StorageData(name, Origin.Replayed, [.. from second in Enumerable.Range(0, seconds) from host in replay.Hosts select replay.Batch(host, second, start.AddSeconds(second + 1))]);
    }
}
