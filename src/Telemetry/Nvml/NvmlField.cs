namespace EnergyTTT.Telemetry.Nvml;

/// <summary>Numbers of the fields that this room reads, as the library defines them.</summary>
internal static class NvmlField
{
    /// <summary>Time held down by the software power cap, ns since the driver was loaded.</summary>
    public const uint SwPowerCap = 74;

    /// <summary>Temperature of the memory, degrees Celsius.</summary>
    public const uint MemoryTemperature = 82;

    /// <summary>The energy counter, mJ.</summary>
    public const uint TotalEnergy = 83;

    /// <summary>Power averaged over the last second, mW. Scope 0 is the board, 1 the module with its CPU, 2 the memory.</summary>
    public const uint PowerAverage = 185;

    /// <summary>Power of the moment, mW; scopes as above.</summary>
    public const uint PowerInstant = 186;

    /// <summary>Offsets of the thresholds that end in shutdown, slowdown, memory slowdown and GPU slowdown, degrees Celsius.</summary>
    public const uint ShutdownLimit = 193, SlowdownLimit = 194, MemoryLimit = 195, GpuLimit = 196;

    /// <summary>Time slowed by the driver for heat, ns.</summary>
    public const uint SwThermal = 269;

    /// <summary>Time slowed by the hardware for heat, ns.</summary>
    public const uint HwThermal = 270;

    /// <summary>Time with the external power brake, ns.</summary>
    public const uint PowerBrake = 271;
}
