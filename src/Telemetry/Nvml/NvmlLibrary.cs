using System.Runtime.InteropServices;
using System.Text;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>
/// The driver's management library, bound by name at run time: a library that is not there is an answer, and an entry point that this driver does not
/// know answers <see cref="NvmlReturn.FunctionNotFound"/>. Thread-safe as far as the library is.
/// </summary>
internal sealed unsafe class NvmlLibrary : IDisposable
{
    private readonly nint _library;
    private readonly nint _init;
    private readonly nint _shutdown;
    private readonly nint _count;
    private readonly nint _handleByIndex;
    private readonly nint _migs;
    private readonly nint _architecture;
    private readonly nint _pci;
    private readonly nint _energy;
    private readonly nint _power;
    private readonly nint _temperature;
    private readonly nint _temperatureV;
    private readonly nint _threshold;
    private readonly nint _margin;
    private readonly nint _utilization;
    private readonly nint _memory;
    private readonly nint _memoryV2;
    private readonly nint _clock;
    private readonly nint _powerLimit;
    private readonly nint _powerLimits;
    private readonly nint _configuredLimit;
    private readonly nint _setLimit;
    private readonly nint _fan;
    private readonly nint _eventReasons;
    private readonly nint _supportedReasons;
    private readonly nint _violations;
    private readonly nint _fields;
    private readonly nint _uuid;
    private readonly nint _name;
    private readonly nint _driver;

    private NvmlLibrary(nint library)
    {
        _library = library;
        _init = Entry("nvmlInit_v2");
        _shutdown = Entry("nvmlShutdown");
        _count = Entry("nvmlDeviceGetCount_v2");
        _handleByIndex = Entry("nvmlDeviceGetHandleByIndex_v2");
        _migs = Entry("nvmlDeviceGetMigMode");
        _architecture = Entry("nvmlDeviceGetArchitecture");
        _pci = Entry("nvmlDeviceGetPciInfo_v3");
        _energy = Entry("nvmlDeviceGetTotalEnergyConsumption");
        _power = Entry("nvmlDeviceGetPowerUsage");
        _temperature = Entry("nvmlDeviceGetTemperature");
        _temperatureV = Entry("nvmlDeviceGetTemperatureV");
        _threshold = Entry("nvmlDeviceGetTemperatureThreshold");
        _margin = Entry("nvmlDeviceGetMarginTemperature");
        _utilization = Entry("nvmlDeviceGetUtilizationRates");
        _memory = Entry("nvmlDeviceGetMemoryInfo");
        _memoryV2 = Entry("nvmlDeviceGetMemoryInfo_v2");
        _clock = Entry("nvmlDeviceGetClockInfo");
        _powerLimit = Entry("nvmlDeviceGetEnforcedPowerLimit");
        _powerLimits = Entry("nvmlDeviceGetPowerManagementLimitConstraints");
        _configuredLimit = Entry("nvmlDeviceGetPowerManagementLimit");
        _setLimit = Entry("nvmlDeviceSetPowerManagementLimit");
        _fan = Entry("nvmlDeviceGetFanSpeed");
        _eventReasons = Entry("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons");
        _supportedReasons = Entry("nvmlDeviceGetSupportedClocksEventReasons", "nvmlDeviceGetSupportedClocksThrottleReasons");
        _violations = Entry("nvmlDeviceGetViolationStatus");
        _fields = Entry("nvmlDeviceGetFieldValues");
        _uuid = Entry("nvmlDeviceGetUUID");
        _name = Entry("nvmlDeviceGetName");
        _driver = Entry("nvmlSystemGetDriverVersion");
    }

    /// <summary>Loads the library, or answers null where there is none.</summary>
    public static NvmlLibrary? TryLoad(string path) => NativeLibrary.TryLoad(path, out var library) ? new NvmlLibrary(library) : null;

    /// <inheritdoc/>
    public void Dispose() => NativeLibrary.Free(_library);

    public NvmlReturn Init() => _init == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<NvmlReturn>)_init)();

    public NvmlReturn Shutdown() => _shutdown == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<NvmlReturn>)_shutdown)();

    public NvmlReturn Count(out uint count)
    {
        count = default;
        fixed (uint* countPointer = &count)
        {
            return _count == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<uint*, NvmlReturn>)_count)(countPointer);
        }
    }

    public NvmlReturn HandleByIndex(uint index, out nint device)
    {
        device = default;
        fixed (nint* devicePointer = &device)
        {
            return _handleByIndex == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<uint, nint*, NvmlReturn>)_handleByIndex)(index, devicePointer);
        }
    }

    public NvmlReturn Migs(nint device, out uint current, out uint pending)
    {
        current = default;
        pending = default;
        fixed (uint* currentPointer = &current)
        fixed (uint* pendingPointer = &pending)
        {
            return _migs == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, uint*, uint*, NvmlReturn>)_migs)(device, currentPointer, pendingPointer);
        }
    }

    public NvmlReturn Architecture(nint device, out uint architecture)
    {
        architecture = default;
        fixed (uint* architecturePointer = &architecture)
        {
            return _architecture == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, uint*, NvmlReturn>)_architecture)(device, architecturePointer);
        }
    }

    public NvmlReturn Pci(nint device, ref NvmlPciInfo info)
    {
        fixed (NvmlPciInfo* infoPointer = &info)
        {
            return _pci == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, NvmlPciInfo*, NvmlReturn>)_pci)(device, infoPointer);
        }
    }

    public NvmlReturn Energy(nint device, out ulong millijoules)
    {
        millijoules = default;
        fixed (ulong* millijoulesPointer = &millijoules)
        {
            return _energy == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, ulong*, NvmlReturn>)_energy)(device, millijoulesPointer);
        }
    }

    public NvmlReturn Power(nint device, out uint milliwatts)
    {
        milliwatts = default;
        fixed (uint* milliwattsPointer = &milliwatts)
        {
            return _power == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, uint*, NvmlReturn>)_power)(device, milliwattsPointer);
        }
    }

    public NvmlReturn Temperature(nint device, int sensor, out uint celsius)
    {
        celsius = default;
        fixed (uint* celsiusPointer = &celsius)
        {
            return _temperature == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, int, uint*, NvmlReturn>)_temperature)(device, sensor, celsiusPointer);
        }
    }

    public NvmlReturn TemperatureV(nint device, ref NvmlTemperature temperature)
    {
        fixed (NvmlTemperature* temperaturePointer = &temperature)
        {
            return _temperatureV == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, NvmlTemperature*, NvmlReturn>)_temperatureV)(device, temperaturePointer);
        }
    }

    public NvmlReturn Threshold(nint device, int kind, out uint celsius)
    {
        celsius = default;
        fixed (uint* celsiusPointer = &celsius)
        {
            return _threshold == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, int, uint*, NvmlReturn>)_threshold)(device, kind, celsiusPointer);
        }
    }

    public NvmlReturn Margin(nint device, ref NvmlMargin margin)
    {
        fixed (NvmlMargin* marginPointer = &margin)
        {
            return _margin == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, NvmlMargin*, NvmlReturn>)_margin)(device, marginPointer);
        }
    }

    public NvmlReturn Utilization(nint device, out NvmlUtilization utilization)
    {
        utilization = default;
        fixed (NvmlUtilization* utilizationPointer = &utilization)
        {
            return _utilization == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, NvmlUtilization*, NvmlReturn>)_utilization)(device, utilizationPointer);
        }
    }

    public NvmlReturn Memory(nint device, out NvmlMemory memory)
    {
        memory = default;
        fixed (NvmlMemory* memoryPointer = &memory)
        {
            return _memory == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, NvmlMemory*, NvmlReturn>)_memory)(device, memoryPointer);
        }
    }

    public NvmlReturn MemoryV2(nint device, ref NvmlMemoryV2 memory)
    {
        fixed (NvmlMemoryV2* memoryPointer = &memory)
        {
            return _memoryV2 == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, NvmlMemoryV2*, NvmlReturn>)_memoryV2)(device, memoryPointer);
        }
    }

    public NvmlReturn Clock(nint device, int kind, out uint megahertz)
    {
        megahertz = default;
        fixed (uint* megahertzPointer = &megahertz)
        {
            return _clock == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, int, uint*, NvmlReturn>)_clock)(device, kind, megahertzPointer);
        }
    }

    public NvmlReturn PowerLimit(nint device, out uint milliwatts)
    {
        milliwatts = default;
        fixed (uint* milliwattsPointer = &milliwatts)
        {
            return _powerLimit == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, uint*, NvmlReturn>)_powerLimit)(device, milliwattsPointer);
        }
    }

    public NvmlReturn PowerLimits(nint device, out uint least, out uint greatest)
    {
        least = default;
        greatest = default;
        fixed (uint* leastPointer = &least)
        fixed (uint* greatestPointer = &greatest)
        {
            return _powerLimits == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, uint*, uint*, NvmlReturn>)_powerLimits)(device, leastPointer, greatestPointer);
        }
    }

    /// <summary>The limit that was set last; what the card enforces may be less.</summary>
    public NvmlReturn ConfiguredLimit(nint device, out uint milliwatts)
    {
        milliwatts = default;
        fixed (uint* milliwattsPointer = &milliwatts)
        {
            return _configuredLimit == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, uint*, NvmlReturn>)_configuredLimit)(device, milliwattsPointer);
        }
    }

    /// <summary>Sets the limit. The only call of the product that changes a card; only the helper for power caps makes it.</summary>
    public NvmlReturn SetLimit(nint device, uint milliwatts) =>
        _setLimit == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, uint, NvmlReturn>)_setLimit)(device, milliwatts);

    public NvmlReturn Fan(nint device, out uint percent)
    {
        percent = default;
        fixed (uint* percentPointer = &percent)
        {
            return _fan == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, uint*, NvmlReturn>)_fan)(device, percentPointer);
        }
    }

    public NvmlReturn EventReasons(nint device, out ulong reasons)
    {
        reasons = default;
        fixed (ulong* reasonsPointer = &reasons)
        {
            return _eventReasons == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, ulong*, NvmlReturn>)_eventReasons)(device, reasonsPointer);
        }
    }

    public NvmlReturn SupportedReasons(nint device, out ulong reasons)
    {
        reasons = default;
        fixed (ulong* reasonsPointer = &reasons)
        {
            return _supportedReasons == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, ulong*, NvmlReturn>)_supportedReasons)(device, reasonsPointer);
        }
    }

    public NvmlReturn Violations(nint device, int policy, out NvmlViolation violation)
    {
        violation = default;
        fixed (NvmlViolation* violationPointer = &violation)
        {
            return _violations == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, int, NvmlViolation*, NvmlReturn>)_violations)(device, policy, violationPointer);
        }
    }

    /// <summary>Reads several fields at once. Succeeds when any of them does: look at the <see cref="NvmlFieldValue.Return"/> of each.</summary>
    public NvmlReturn Fields(nint device, Span<NvmlFieldValue> values)
    {
        fixed (NvmlFieldValue* pointer = values)
        {
            return _fields == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, int, NvmlFieldValue*, NvmlReturn>)_fields)(device, values.Length, pointer);
        }
    }

    public NvmlReturn Uuid(nint device, out string uuid) => Text(_uuid, device, 96, out uuid);

    public NvmlReturn Name(nint device, out string name) => Text(_name, device, 96, out name);

    public NvmlReturn Driver(out string version)
    {
        var buffer = stackalloc byte[80];
        var code = _driver == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<byte*, uint, NvmlReturn>)_driver)(buffer, 80);
        version = code == NvmlReturn.Success ? Decode(new ReadOnlySpan<byte>(buffer, 80)) : "";
        return code;
    }

    /// <summary>The characters before the first zero byte.</summary>
    public static string Decode(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text.IndexOf((byte)0) is var end and >= 0 ? text[..end] : text);

    private static NvmlReturn Text(nint entry, nint device, int length, out string text)
    {
        var buffer = stackalloc byte[length];
        var code = entry == 0 ? NvmlReturn.FunctionNotFound : ((delegate* unmanaged<nint, byte*, uint, NvmlReturn>)entry)(device, buffer, (uint)length);
        text = code == NvmlReturn.Success ? Decode(new ReadOnlySpan<byte>(buffer, length)) : "";
        return code;
    }

    private nint Entry(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryGetExport(_library, name, out var entry))
            {
                return entry;
            }
        }

        return 0;
    }
}
