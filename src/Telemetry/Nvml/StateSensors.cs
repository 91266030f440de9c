using EnergyTTT.Telemetry.Frames;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>What changes slowly on one card: temperatures, margin, clocks, memory, utilisation, limit and fan.</summary>
internal sealed class StateSensors
{
    private const int SmClock = 1, MemoryClock = 2, SlowdownThreshold = 1;

    private readonly NvmlLibrary _nvml;
    private readonly nint _device;
    private readonly SensorAnswers _answers;
    private readonly ThrottleSensors _throttle;
    private readonly double? _limitWatts;
    private readonly double? _slowdownCelsius;
    private readonly NvmlSensor _temperature = new("temperature_celsius", "nvmlDeviceGetTemperatureV");
    private readonly NvmlSensor _memoryTemperature = new("memory_temperature_celsius", "field 82");
    private readonly NvmlSensor _margin = new("thermal_margin_celsius", "nvmlDeviceGetMarginTemperature");
    private readonly NvmlSensor _utilization = new("utilization_ratio", "nvmlDeviceGetUtilizationRates");
    private readonly NvmlSensor _memory = new("memory_used_bytes", "nvmlDeviceGetMemoryInfo_v2");
    private readonly NvmlSensor _smClock = new("sm_clock_hertz", "nvmlDeviceGetClockInfo");
    private readonly NvmlSensor _memoryClock = new("memory_clock_hertz", "nvmlDeviceGetClockInfo");
    private readonly NvmlSensor _limit = new("power_limit_watts", "nvmlDeviceGetEnforcedPowerLimit");
    private readonly NvmlSensor _fan = new("fan_ratio", "nvmlDeviceGetFanSpeed");

    /// <summary>Probes the sensors by reading each once.</summary>
    public StateSensors(NvmlLibrary nvml, nint device, SensorAnswers answers, ThrottleSensors throttle, double? limitWatts)
    {
        (_nvml, _device, _answers, _throttle, _limitWatts) = (nvml, device, answers, throttle, limitWatts);
        All = [_temperature, _memoryTemperature, _margin, _utilization, _memory, _smClock, _memoryClock, _limit, _fan];
        foreach (var sensor in All)
        {
            // Asked once; the answer says whether it is asked again.
            sensor.Answer = NvmlReturn.Timeout;
        }

        Read();
        if (!_margin.Ask && nvml.Threshold(device, SlowdownThreshold, out var slowdown) == NvmlReturn.Success && slowdown is > 0 and < 130)
        {
            // Older cards name the threshold; the margin is what is left to it.
            (_slowdownCelsius, _margin.Supported, _margin.Source) = (slowdown, true, "nvmlDeviceGetTemperatureThreshold");
        }
    }

    /// <summary>Every sensor of this group.</summary>
    public IReadOnlyList<NvmlSensor> All { get; }

    /// <summary>Reads them all; what does not answer is null.</summary>
    public StateSample Read()
    {
        var temperature = Temperature();
        var memory = Memory();
        NvmlUtilization utilization = default;
        var hasUtilization = _utilization.Ask && _answers.Note(_utilization, _nvml.Utilization(_device, out utilization));
        Span<NvmlFieldValue> fields = [new(NvmlField.MemoryTemperature), new(NvmlField.SwPowerCap), new(NvmlField.SwThermal), new(NvmlField.HwThermal), new(NvmlField.PowerBrake)];
        var code = _nvml.Fields(_device, fields);
        return new StateSample
        {
            TemperatureCelsius = temperature,
            // A memory without a sensor answers 0: none is that cold while its card runs.
            MemoryTemperatureCelsius = _memoryTemperature.Ask && _answers.Note(_memoryTemperature, code, fields[0]) && fields[0].Number > 0 ? Plausible.Celsius(fields[0].Number) : null,
            ThermalMarginCelsius = Margin(temperature),
            UtilizationRatio = hasUtilization ? Plausible.Ratio(utilization.Gpu / 100.0) : null,
            MemoryActivityRatio = hasUtilization ? Plausible.Ratio(utilization.Memory / 100.0) : null,
            MemoryUsedBytes = memory is { Total: > 0 } ? Plausible.Bytes(memory.Value.Used) : null,
            MemoryTotalBytes = memory is { Total: > 0 } ? Plausible.Bytes(memory.Value.Total) : null,
            SmClockHertz = _smClock.Ask && _answers.Note(_smClock, _nvml.Clock(_device, SmClock, out var sm)) ? Plausible.Hertz(sm * 1e6) : null,
            MemoryClockHertz = _memoryClock.Ask && _answers.Note(_memoryClock, _nvml.Clock(_device, MemoryClock, out var mem)) ? Plausible.Hertz(mem * 1e6) : null,
            PowerLimitWatts = _limit.Ask && _answers.Note(_limit, _nvml.PowerLimit(_device, out var limit)) ? Plausible.Watts(limit / 1000.0, _limitWatts) : null,
            FanRatio = _fan.Ask && _answers.Note(_fan, _nvml.Fan(_device, out var fan)) ? Plausible.Ratio(fan / 100.0) : null,
            Throttle = _throttle.Read(code, fields[1..]),
        };
    }

    private double? Temperature()
    {
        if (!_temperature.Ask)
        {
            return null;
        }

        if (_temperature.Source == "nvmlDeviceGetTemperatureV")
        {
            var reading = new NvmlTemperature { Version = NvmlTemperature.Version1 };
            var code = _nvml.TemperatureV(_device, ref reading);
            if (code.Meaning() != NvmlMeaning.Absent)
            {
                return _answers.Note(_temperature, code) ? Plausible.Celsius(reading.Celsius) : null;
            }

            _temperature.Source = "nvmlDeviceGetTemperature";
        }

        return _answers.Note(_temperature, _nvml.Temperature(_device, 0, out var celsius)) ? Plausible.Celsius((int)celsius) : null;
    }

    private double? Margin(double? temperature)
    {
        if (_slowdownCelsius is { } threshold)
        {
            return threshold - temperature;
        }

        var margin = new NvmlMargin { Version = NvmlMargin.Version1 };
        return _margin.Ask && _answers.Note(_margin, _nvml.Margin(_device, ref margin)) && margin.Celsius is > -100 and < 200 ? margin.Celsius : null;
    }

    private NvmlMemoryV2? Memory()
    {
        if (!_memory.Ask)
        {
            return null;
        }

        var memory = new NvmlMemoryV2 { Version = NvmlMemoryV2.Version2 };
        var code = _nvml.MemoryV2(_device, ref memory);
        if (code is NvmlReturn.FunctionNotFound or NvmlReturn.ArgumentVersionMismatch)
        {
            _memory.Source = "nvmlDeviceGetMemoryInfo";
            code = _nvml.Memory(_device, out var old);
            (memory.Total, memory.Used, memory.Free) = (old.Total, old.Used, old.Free);
        }

        return _answers.Note(_memory, code) ? memory : null;
    }
}
