namespace EnergyTTT.Telemetry.Nvml;

/// <summary>What a call of the driver's management library answered; the numbers are the library's.</summary>
public enum NvmlReturn
{
    Success = 0,
    Uninitialized = 1,
    InvalidArgument = 2,
    NotSupported = 3,
    NoPermission = 4,
    NotFound = 6,
    DriverNotLoaded = 9,
    Timeout = 10,
    LibraryNotFound = 12,
    FunctionNotFound = 13,
    GpuIsLost = 15,
    ResetRequired = 16,
    LibRmVersionMismatch = 18,
    NoData = 21,
    ArgumentVersionMismatch = 25,
    Unknown = 999,
}

/// <summary>What an answer means for those who asked.</summary>
internal enum NvmlMeaning
{
    /// <summary>A reading.</summary>
    Read,

    /// <summary>This card or driver has no such sensor: null for ever.</summary>
    Absent,

    /// <summary>The agent may not read it: the card is degraded.</summary>
    Forbidden,

    /// <summary>No reading this time: null for now, and counted.</summary>
    Stale,

    /// <summary>The card is gone until it is reset: failed, and no longer asked.</summary>
    CardFailed,

    /// <summary>The driver is gone or was exchanged: the host is degraded, and the library is loaded afresh.</summary>
    HostFailed,
}

internal static class NvmlReturns
{
    public static NvmlMeaning Meaning(this NvmlReturn code) => code switch
    {
        NvmlReturn.Success => NvmlMeaning.Read,
        NvmlReturn.NotSupported or NvmlReturn.FunctionNotFound or NvmlReturn.InvalidArgument or NvmlReturn.ArgumentVersionMismatch => NvmlMeaning.Absent,
        NvmlReturn.NoPermission => NvmlMeaning.Forbidden,
        NvmlReturn.GpuIsLost or NvmlReturn.ResetRequired => NvmlMeaning.CardFailed,
        NvmlReturn.Uninitialized or NvmlReturn.DriverNotLoaded or NvmlReturn.LibRmVersionMismatch or NvmlReturn.LibraryNotFound => NvmlMeaning.HostFailed,
        _ => NvmlMeaning.Stale,
    };

    /// <summary>The answer in words, with what a person can do about it.</summary>
    public static string Explain(this NvmlReturn code) => code switch
    {
        NvmlReturn.Uninitialized => "the library lost its connection to the driver",
        NvmlReturn.NotSupported => "not supported by this card",
        NvmlReturn.NoPermission => "no permission: run the agent as a user that may open /dev/nvidia*",
        NvmlReturn.DriverNotLoaded => "the NVIDIA driver is not loaded: see 'dmesg', then 'modprobe nvidia'",
        NvmlReturn.LibraryNotFound => "libnvidia-ml.so.1 was not found: install the NVIDIA driver, or choose another --source",
        NvmlReturn.FunctionNotFound => "not known to this driver",
        NvmlReturn.GpuIsLost => "the GPU has fallen off the bus: reset it or restart the host",
        NvmlReturn.ResetRequired => "the GPU needs a reset: 'nvidia-smi --gpu-reset'",
        NvmlReturn.LibRmVersionMismatch => "the driver was exchanged under a running kernel module: reload it or restart the host",
        _ => $"NVML error {(int)code}",
    };
}
