using EnergyTTT.Telemetry.Frames;
using EnergyTTT.Telemetry.Nvml;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Telemetry.Exporters;

/// <summary>What one scrape says of one GPU.</summary>
internal sealed class DcgmReading
{
    private readonly Dictionary<DcgmMetric, (string Name, double? Value)> _values = [];

    /// <summary>The GPU.</summary>
    public required GpuId Gpu { get; init; }

    /// <summary>The host that the exporter names, or null.</summary>
    public string? Host { get; private set; }

    public string? Model { get; private set; }

    public string? PciBusId { get; private set; }

    public string? Driver { get; private set; }

    /// <summary>Whether instances of the card (MIG) were among the samples: then what is not the card's is not known.</summary>
    public bool Mig { get; private set; }

    /// <summary>The metrics that were exported, by their exported name, with whether they had a value.</summary>
    public IEnumerable<(DcgmMetric Metric, string Name, bool Known)> Exported => _values.Select(pair => (pair.Key, pair.Value.Name, pair.Value.Value is not null));

    /// <summary>Groups the samples of a scrape by GPU. A card divided into instances appears once: the greatest value by UUID, never the sum.</summary>
    public static IReadOnlyList<DcgmReading> Read(IEnumerable<PrometheusSample> samples)
    {
        var readings = new Dictionary<GpuId, DcgmReading>();
        foreach (var sample in samples)
        {
            if (DcgmNames.Metric(sample.Name) is not { } metric || !sample.Labels.TryGetValue("UUID", out var uuid) || !GpuId.TryParse(uuid, out var gpu))
            {
                continue;
            }

            if (!readings.TryGetValue(gpu, out var reading))
            {
                readings[gpu] = reading = new DcgmReading { Gpu = gpu };
            }

            reading.Take(metric, sample);
        }

        return [.. readings.Values];
    }

    public PowerSample Power(TimeSpan at)
    {
        var limit = Of(DcgmMetric.PowerLimitMax) ?? Of(DcgmMetric.PowerLimit);
        ulong? energy = Of(DcgmMetric.Energy) is >= 0 and var millijoules ? (ulong)millijoules : null;
        return new PowerSample(at, Plausible.Counter(energy), Plausible.Watts(Of(DcgmMetric.Power), limit), Plausible.Watts(Of(DcgmMetric.PowerInstant), limit));
    }

    public StateSample State() => new()
    {
        TemperatureCelsius = Plausible.Celsius(Of(DcgmMetric.Temperature)),
        MemoryTemperatureCelsius = Of(DcgmMetric.MemoryTemperature) is > 0 and var memory ? Plausible.Celsius(memory) : null,
        ThermalMarginCelsius = Of(DcgmMetric.Margin) is > -100 and < 200 and var margin ? margin : null,
        UtilizationRatio = Mig ? null : Plausible.Ratio(Of(DcgmMetric.Utilization) / 100),
        MemoryActivityRatio = Mig ? null : Plausible.Ratio(Of(DcgmMetric.MemoryActivity) / 100),
        MemoryUsedBytes = Mig ? null : Plausible.Bytes(Of(DcgmMetric.MemoryUsed) * (1 << 20)),
        MemoryTotalBytes = Mig ? null : Plausible.Bytes((Of(DcgmMetric.MemoryTotal) ?? Of(DcgmMetric.MemoryUsed) + Of(DcgmMetric.MemoryFree)) * (1 << 20)),
        SmClockHertz = Plausible.Hertz(Of(DcgmMetric.SmClock) * 1e6),
        MemoryClockHertz = Plausible.Hertz(Of(DcgmMetric.MemoryClock) * 1e6),
        PowerLimitWatts = Plausible.Watts(Of(DcgmMetric.PowerLimit), null),
        FanRatio = Plausible.Ratio(Of(DcgmMetric.Fan) / 100),
        Throttle = new ThrottleCounters(Nanoseconds(DcgmMetric.PowerViolation), Nanoseconds(DcgmMetric.ThermalViolation), null, null),
    };

    /// <summary>The value of a metric, or null where it is not exported or blank.</summary>
    public double? Of(DcgmMetric metric) => _values.TryGetValue(metric, out var value) ? value.Value : null;

    // Counted in ns although its help text says us: DCGM passes the driver's violation time on.
    private ulong? Nanoseconds(DcgmMetric metric) => Of(metric) is >= 0 and var value ? Plausible.Counter((ulong)value) : null;

    private void Take(DcgmMetric metric, PrometheusSample sample)
    {
        Host ??= Label("hostname") ?? Label("Hostname");
        Model ??= Label("modelName");
        PciBusId ??= Label("pci_bus_id");
        Driver ??= Label("DCGM_FI_DRIVER_VERSION");
        Mig |= Label("GPU_I_ID") is { Length: > 0 };
        double? value = DcgmNames.IsBlank(sample.Value) ? null : sample.Value;
        var seen = _values.TryGetValue(metric, out var known) ? known.Value : null;
        _values[metric] = (sample.Name, seen is null ? value : value is null ? seen : Math.Max(seen.Value, value.Value));

        string? Label(string name) => sample.Labels.TryGetValue(name, out var text) && text.Length > 0 && !text.StartsWith("<<<", StringComparison.Ordinal) ? text : null;
    }
}
