using EnergyTTT.Contracts.Gpus;

namespace EnergyTTT.Silo.Metrics;

/// <summary>The families of GPUs under the names that OpenTelemetry and the exporters of the field use, so that existing dashboards find them.</summary>
internal static class GpuMetrics
{
    /// <summary>Writes every family for the GPUs whose latest frame is not older than <paramref name="staleAfter"/>: an old reading is no reading.</summary>
    public static void Write(Exposition page, IReadOnlyList<GpuState> gpus, DateTimeOffset now, TimeSpan staleAfter)
    {
        GpuState[] fresh = [.. gpus.Where(gpu => now - gpu.Received <= staleAfter)];
        Family(page, gpus, "hw_energy_joules", "counter", "Energy that the board took, summed over all accepted frames.", "joules", gpu => gpu.EnergyTotalJoules);
        Family(page, fresh, "hw_power_watts", "gauge", "Mean power of the latest interval.", "watts", gpu => gpu.Latest.PowerAverageWatts);
        page.Family("hw_temperature_celsius", "gauge", "Temperature by location of the sensor.", "celsius");
        Samples(page, fresh, gpu => gpu.Latest.TemperatureCelsius, "hw_sensor_location", "gpu");
        Samples(page, fresh, gpu => gpu.Latest.MemoryTemperatureCelsius, "hw_sensor_location", "memory");
        Family(page, fresh, "energyttt_gpu_thermal_margin_celsius", "gauge", "Degrees left to the nearest slowdown threshold.", "celsius", gpu => gpu.Latest.ThermalMarginCelsius);
        page.Family("energyttt_gpu_power_limit_watts", "gauge", "Power limit by kind: enforced now, or the greatest that the card accepts.", "watts");
        Samples(page, fresh, gpu => gpu.Latest.PowerLimitWatts, "kind", "enforced");
        Samples(page, fresh, gpu => gpu.Description?.PowerLimitMaxWatts, "kind", "max");
        page.Family("hw_gpu_utilization_ratio", "gauge", "Share of the latest interval in which the GPU was busy.", "ratio");
        Samples(page, fresh, gpu => gpu.Latest.UtilizationRatio, "hw_gpu_task", "general");
        Family(page, fresh, "hw_gpu_memory_usage_bytes", "gauge", "Device memory in use.", "bytes", gpu => gpu.Latest.MemoryUsedBytes);
        Family(page, fresh, "hw_gpu_memory_limit_bytes", "gauge", "Device memory in all.", "bytes", gpu => gpu.Latest.MemoryTotalBytes);
        Family(page, fresh, "hw_gpu_memory_utilization_ratio", "gauge", "Share of device memory in use.", "ratio", MemoryShare);
        page.Family("energyttt_gpu_clock_hertz", "gauge", "Clock by domain.", "hertz");
        Samples(page, fresh, gpu => gpu.Latest.SmClockHertz, "domain", "sm");
        Samples(page, fresh, gpu => gpu.Latest.MemoryClockHertz, "domain", "memory");
        page.Family("hw_status", "gauge", "1 for the state that the host reports of the GPU, 0 for the others.");
        foreach (var state in (ReadOnlySpan<string>)["ok", "degraded", "failed"])
        {
            Samples(page, fresh, gpu => gpu.Description?.State is { } reported ? (reported == state ? 1 : 0) : null, "hw_state", state);
        }

        Family(page, gpus, "energyttt_sensor_age_seconds", "gauge", "Seconds since the latest frame was received.", "seconds", gpu => Math.Max(0, (now - gpu.Received).TotalSeconds));
        Family(page, fresh, "energyttt_gpu_temperature_forecast_celsius", "gauge", "Die temperature expected in 30 s.", "celsius", gpu => gpu.ForecastCelsius);
        Family(page, fresh, "energyttt_gpu_temperature_forecast_error_celsius", "gauge", "Mean absolute error of that forecast on this GPU.", "celsius", gpu => gpu.ForecastErrorCelsius);
        Sensors(page, gpus);
        Hosts(page, fresh);
    }

    private static double? MemoryShare(GpuState gpu) =>
        gpu.Latest.MemoryTotalBytes is > 0 and var total && gpu.Latest.MemoryUsedBytes is { } used ? (double)used / total : null;

    private static void Sensors(Exposition page, IReadOnlyList<GpuState> gpus)
    {
        page.Family("energyttt_sensor_supported", "gauge", "Whether the card has the sensor behind a field, by its passport.");
        foreach (var gpu in gpus)
        {
            foreach (var sensor in gpu.Description?.Passport?.Sensors ?? [])
            {
                page.Sample(sensor.Supported ? 1 : 0, "hw_id", gpu.Gpu.Value, "host_name", gpu.Host, "field", sensor.Name, "source", sensor.Source);
            }
        }
    }

    private static void Hosts(Exposition page, IReadOnlyList<GpuState> gpus)
    {
        page.Family("energyttt_clock_skew_seconds", "gauge", "The host's clock minus the server's.", "seconds");
        foreach (var host in gpus.GroupBy(gpu => gpu.Host))
        {
            page.Sample(host.MaxBy(gpu => gpu.Received)?.ClockSkewSeconds, "host_name", host.Key);
        }
    }

    private static void Family(Exposition page, IReadOnlyList<GpuState> gpus, string name, string type, string help, string unit, Func<GpuState, double?> value)
    {
        page.Family(name, type, help, unit);
        Samples(page, gpus, value, null, null);
    }

    private static void Samples(Exposition page, IReadOnlyList<GpuState> gpus, Func<GpuState, double?> value, string? label, string? text)
    {
        foreach (var gpu in gpus)
        {
            page.Sample(
                value(gpu),
                "hw_id", gpu.Gpu.Value,
                "hw_type", "gpu",
                "hw_model", gpu.Description?.Model,
                "hw_driver_version", gpu.Description?.Driver,
                "host_name", gpu.Host,
                "rack", gpu.Rack,
                "site", gpu.Site,
                "pci_bus_id", gpu.Description?.PciBusId,
                "origin", WireWords.Of(gpu.Latest.Origin),
                label ?? "", label is null ? null : text);
        }
    }
}
