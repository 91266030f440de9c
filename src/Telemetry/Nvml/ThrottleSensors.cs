using EnergyTTT.Telemetry.Frames;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>
/// Time that one card was throttled, by reason. The nanosecond counters come first; an old card's violation status fills in for the power cap; and where
/// a card counts nothing, the clocks-event bit mask at the sampling rate stands in.
/// </summary>
internal sealed class ThrottleSensors
{
    private const int PowerPolicy = 0;

    private readonly NvmlLibrary _nvml;
    private readonly nint _device;
    private readonly SensorAnswers _answers;
    private readonly bool _violations;
    private readonly bool _mask;

    /// <summary>Probes the sensors.</summary>
    public ThrottleSensors(NvmlLibrary nvml, nint device, SensorAnswers answers)
    {
        (_nvml, _device, _answers) = (nvml, device, answers);
        Counters = [new("throttle_seconds.sw_power_cap", "field 74"), new("throttle_seconds.sw_thermal", "field 269"),
            new("throttle_seconds.hw_thermal", "field 270"), new("throttle_seconds.power_brake", "field 271")];
        Span<NvmlFieldValue> fields = [new(NvmlField.SwPowerCap), new(NvmlField.SwThermal), new(NvmlField.HwThermal), new(NvmlField.PowerBrake)];
        var code = nvml.Fields(device, fields);
        for (var i = 0; i < Counters.Length; i++)
        {
            answers.Note(Counters[i], code, fields[i]);
        }

        if (!Counters[0].Ask && nvml.Violations(device, PowerPolicy, out _) == NvmlReturn.Success)
        {
            (_violations, Counters[0].Supported, Counters[0].Source) = (true, true, "nvmlDeviceGetViolationStatus");
        }

        answers.Note(Reasons, nvml.EventReasons(device, out _));
        _mask = Reasons.Supported && !Array.Exists(Counters, counter => counter.Supported);
        Reasons.Note = _mask ? "bit mask at the sampling rate, in place of counters: misses short bursts" : null;
    }

    /// <summary>Software power cap, software thermal, hardware thermal, power brake.</summary>
    public NvmlSensor[] Counters { get; }

    public NvmlSensor Reasons { get; } = new("event_reasons", "nvmlDeviceGetCurrentClocksEventReasons");

    /// <summary>The bit mask of the moment, where it has to stand in for counters.</summary>
    public ulong? Mask() => _mask && _answers.Note(Reasons, _nvml.EventReasons(_device, out var mask)) ? mask : null;

    /// <summary>The counters out of what a call for their fields answered; <paramref name="values"/> in the order of <see cref="Counters"/>.</summary>
    public ThrottleCounters Read(NvmlReturn code, ReadOnlySpan<NvmlFieldValue> values)
    {
        var powerCap = _violations
            ? _answers.Note(Counters[0], _nvml.Violations(_device, PowerPolicy, out var violation)) ? Plausible.Counter(violation.ViolationNanoseconds) : null
            : Of(0, code, values[0]);
        return new ThrottleCounters(powerCap, Of(1, code, values[1]), Of(2, code, values[2]), Of(3, code, values[3]));
    }

    private ulong? Of(int reason, NvmlReturn code, in NvmlFieldValue value) =>
        Counters[reason].Ask && _answers.Note(Counters[reason], code, value) ? Plausible.Counter(value.Counter) : null;
}
