using EnergyTTT.Telemetry.Frames;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>
/// Energy and power of one card. The counter comes first. Averaged power (field 185) covers all of the time and may be integrated; instant power (field
/// 186) looks at a quarter of it on A100 and H100 and only feeds the maximum. The plain call fills in where a driver knows neither field: it
/// averages over a second on Ampere and newer but for GA100, and answers the moment on all others.
/// </summary>
internal sealed class PowerSensors
{
    private const uint Ampere = 7, Hopper = 9;
    private const string PlainCall = "nvmlDeviceGetPowerUsage";

    private readonly NvmlLibrary _nvml;
    private readonly nint _device;
    private readonly SensorAnswers _answers;
    private readonly double? _limitWatts;
    private readonly uint _scope;
    private readonly NvmlSensor? _fedByPlainCall;

    /// <summary>Probes the sensors.</summary>
    public PowerSensors(NvmlLibrary nvml, nint device, SensorAnswers answers, string? model, uint? architecture, double? limitWatts)
    {
        (_nvml, _device, _answers, _limitWatts) = (nvml, device, answers, limitWatts);
        if (answers.Note(Energy, nvml.Energy(device, out var counter)) && Plausible.Counter(counter) is null)
        {
            Energy.Deny("answers a sentinel");
        }

        _scope = ProbeScope();
        Instant.AveragedSeconds = architecture is Hopper || IsGa100(model) ? 0.025 : null;
        _fedByPlainCall = ProbePlainCall(model, architecture);
        ProbeMemory();
    }

    public NvmlSensor Energy { get; } = new("energy_joules", "nvmlDeviceGetTotalEnergyConsumption");

    public NvmlSensor Average { get; } = new("power_average_watts", "field 185 scope 0", averagedSeconds: 1);

    public NvmlSensor Instant { get; } = new("power_max_watts", "field 186 scope 0");

    public NvmlSensor Memory { get; } = new("memory_power_watts", "field 185 scope 2", averagedSeconds: 1);

    /// <summary>What power readings refer to: the board, or the module with its CPU where only that is measured.</summary>
    public string Scope => _scope == 1 ? "module" : "gpu";

    /// <summary>Reads the power sensors, and the counter if asked to.</summary>
    public PowerSample Read(bool withCounter)
    {
        ulong? energy = withCounter && Energy.Ask && _answers.Note(Energy, _nvml.Energy(_device, out var counter)) ? Plausible.Counter(counter) : null;
        double? average = null, instant = null;
        if ((Average.Ask && Average != _fedByPlainCall) || (Instant.Ask && Instant != _fedByPlainCall))
        {
            Span<NvmlFieldValue> fields = [new(NvmlField.PowerAverage, _scope), new(NvmlField.PowerInstant, _scope)];
            var code = _nvml.Fields(_device, fields);
            average = Average.Ask && Average != _fedByPlainCall && _answers.Note(Average, code, fields[0]) ? fields[0].Number / 1000 : null;
            instant = Instant.Ask && Instant != _fedByPlainCall && _answers.Note(Instant, code, fields[1]) ? fields[1].Number / 1000 : null;
        }

        if (_fedByPlainCall is { } fed && _answers.Note(fed, _nvml.Power(_device, out var milliwatts)))
        {
            average ??= fed == Average ? milliwatts / 1000.0 : null;
            instant ??= fed == Instant ? milliwatts / 1000.0 : null;
        }

        return new PowerSample(TimeSpan.Zero, energy, Plausible.Watts(average, _limitWatts), Plausible.Watts(instant, _limitWatts));
    }

    // GA100 (A100, A30, A800) has no averaging sensor, unlike the rest of its generation.
    private static bool IsGa100(string? model) => model is not null
        && (model.Contains("A100", StringComparison.Ordinal) || model.Contains("A30", StringComparison.Ordinal) || model.Contains("A800", StringComparison.Ordinal));

    private uint ProbeScope()
    {
        for (uint scope = 0; scope <= 1; scope++)
        {
            Span<NvmlFieldValue> fields = [new(NvmlField.PowerAverage, scope), new(NvmlField.PowerInstant, scope)];
            var code = _nvml.Fields(_device, fields);
            if (_answers.Note(Average, code, fields[0]) | _answers.Note(Instant, code, fields[1]))
            {
                (Average.Source, Instant.Source) = ($"field 185 scope {scope}", $"field 186 scope {scope}");
                return scope;
            }
        }

        return 0;
    }

    private NvmlSensor? ProbePlainCall(string? model, uint? architecture)
    {
        var averages = architecture > Ampere || (architecture == Ampere && model is not null && !IsGa100(model));
        // A card before Volta has no counter and no averaging sensor: the integral of the moment is all there is.
        var standsIn = architecture is < Ampere or null && !Energy.Supported;
        var fed = averages || standsIn ? Average : Instant;
        if (fed.Ask || !_answers.Note(fed, _nvml.Power(_device, out _)))
        {
            return null;
        }

        (fed.Source, fed.AveragedSeconds) = (PlainCall, averages ? 1 : 0);
        fed.Note = standsIn ? "momentary power: its integral misses what lies between readings" : null;
        return fed;
    }

    private void ProbeMemory()
    {
        Span<NvmlFieldValue> field = [new(NvmlField.PowerAverage, 2)];
        var code = _nvml.Fields(_device, field);
        if (_answers.Note(Memory, code, field[0]) && field[0].Number is not > 0)
        {
            Memory.Deny("answers 0, which stands for no sensor");
        }
    }
}
