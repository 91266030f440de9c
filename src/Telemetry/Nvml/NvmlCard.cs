using EnergyTTT.Telemetry.Frames;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>One opened GPU. Every sensor is probed when it is opened; only those that answered, or could not answer just then, are asked again.</summary>
internal sealed class NvmlCard
{
    private readonly NvmlLibrary _nvml;
    private readonly TimeProvider _time;
    private readonly SensorAnswers _answers = new();
    private readonly PowerSensors _power;
    private readonly ThrottleSensors _throttle;
    private readonly StateSensors _state;
    private readonly bool _mig;

    /// <summary>Probes a card.</summary>
    public NvmlCard(NvmlLibrary nvml, TimeProvider time, nint device, GpuId gpu, string driver)
    {
        (_nvml, _time, Device, Gpu) = (nvml, time, device, gpu);
        var model = nvml.Name(device, out var name) == NvmlReturn.Success ? name : null;
        var pci = default(NvmlPciInfo);
        var bus = nvml.Pci(device, ref pci) == NvmlReturn.Success ? NvmlLibrary.Decode(pci.Id) : null;
        double? limit = nvml.PowerLimits(device, out _, out var greatest) == NvmlReturn.Success && greatest is > 0 and < uint.MaxValue ? greatest / 1000.0 : null;
        uint? architecture = nvml.Architecture(device, out var generation) == NvmlReturn.Success ? generation : null;
        _mig = nvml.Migs(device, out var mig, out _) == NvmlReturn.Success && mig != 0;
        Description = new GpuDescription { Gpu = gpu, Model = model, Driver = driver, PciBusId = bus, PowerLimitMaxWatts = limit, State = "ok" };
        _answers.Begin();
        _power = new PowerSensors(nvml, device, _answers, model, architecture, limit);
        _throttle = new ThrottleSensors(nvml, device, _answers);
        _state = new StateSensors(nvml, device, _answers, _throttle, limit);
        if (_mig && _power.Energy.Supported)
        {
            _power.Energy.Note = "of the whole card: its MIG instances have no counter";
        }
    }

    /// <summary>The card.</summary>
    public GpuId Gpu { get; }

    /// <summary>The driver's handle.</summary>
    public nint Device { get; }

    /// <summary>What does not change, without passport.</summary>
    public GpuDescription Description { get; }

    /// <summary>The sensors whose tick can be observed.</summary>
    public PowerSensors Power => _power;

    /// <summary>What probing answered when it was fatal for card or host; otherwise success.</summary>
    public NvmlReturn Fatal => _answers.Fatal;

    /// <summary>Readings that were refused for a moment.</summary>
    public long Stale => _answers.Stale;

    /// <summary>The first sensor that may not be read, in words; null where nothing is forbidden.</summary>
    public string? Forbidden => Sensors.FirstOrDefault(sensor => sensor.Answer.Meaning() == NvmlMeaning.Forbidden) is { } denied
        ? $"{denied.Name}: {denied.Answer.Explain()}" : null;

    private IEnumerable<NvmlSensor> Sensors => [_power.Energy, _power.Average, _power.Instant, _power.Memory, .. _state.All, .. _throttle.Counters, _throttle.Reasons];

    /// <summary>The sensors as the wire tells them.</summary>
    /// <param name="counterResets">How often the energy counter was seen to be reset.</param>
    public SensorPassport Passport(int counterResets)
    {
        var entries = Sensors.Select(sensor => new SensorEntry(sensor.Name, sensor.Supported, sensor.Source, sensor.TickSeconds,
            sensor.Supported ? sensor.AveragedSeconds : null,
            sensor == _power.Energy && counterResets > 0 ? $"resets seen: {counterResets}" : sensor.Note ?? (sensor.Supported ? null : sensor.Answer.Explain())));
        return new SensorPassport(_power.Scope, [.. entries, new SensorEntry("hotspot_temperature_celsius", false, "none", Note: "the driver does not expose it")]);
    }

    /// <summary>Reads power, and the energy counter if asked to, stamped with the monotonic middle of the calls. The answer is fatal for card or host, or success even where single sensors were silent.</summary>
    public NvmlReturn ReadPower(bool withCounter, out PowerSample sample)
    {
        _answers.Begin();
        var began = _time.GetTimestamp();
        sample = _power.Read(withCounter) with { EventReasons = _throttle.Mask() };
        sample = sample with { At = _time.GetElapsedTime(0, began + (_time.GetTimestamp() - began) / 2) };
        return _answers.Fatal;
    }

    /// <summary>Reads everything that changes slowly. The answer is as of <see cref="ReadPower"/>.</summary>
    public NvmlReturn ReadState(out StateSample state)
    {
        _answers.Begin();
        state = _state.Read();
        return _answers.Fatal;
    }

    /// <summary>The identity that the driver gives to this handle now: under virtual machines it can change, and then it is another card.</summary>
    public NvmlReturn ReadIdentity(out string uuid) => _nvml.Uuid(Device, out uuid);
}
