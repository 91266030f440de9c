using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EnergyTTT.Telemetry.Nvml;

// Layouts of the library's structs on 64-bit Linux and Windows; tests compare them with a C compiler's.

/// <summary>One value asked for by number, 40 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal struct NvmlFieldValue
{
    [FieldOffset(0)] public uint FieldId;
    [FieldOffset(4)] public uint ScopeId;
    [FieldOffset(8)] public long TimestampMicroseconds;
    [FieldOffset(16)] public long LatencyMicroseconds;
    [FieldOffset(24)] public int ValueType;
    [FieldOffset(28)] public NvmlReturn Return;
    [FieldOffset(32)] public double Double;
    [FieldOffset(32)] public uint UInt32;
    [FieldOffset(32)] public int Int32;
    [FieldOffset(32)] public ulong UInt64;
    [FieldOffset(32)] public ushort UInt16;

    public NvmlFieldValue(uint field, uint scope = 0)
    {
        this = default;
        (FieldId, ScopeId, Return) = (field, scope, NvmlReturn.NotSupported);
    }

    /// <summary>The value as a number, whatever its type; null where this field was not answered. The outer call succeeds when any field does.</summary>
    public readonly double? Number => Return != NvmlReturn.Success ? null : ValueType switch
    {
        0 => Double,
        1 => UInt32,
        2 or 3 => UInt64,
        4 => (long)UInt64,
        5 => Int32,
        6 => UInt16,
        _ => null,
    };

    /// <summary>The value as a cumulative count; null where it is none.</summary>
    public readonly ulong? Counter => Return != NvmlReturn.Success ? null : ValueType switch
    {
        1 => UInt32,
        2 or 3 => UInt64,
        4 => (long)UInt64 >= 0 ? UInt64 : null,
        _ => null,
    };
}

[StructLayout(LayoutKind.Sequential)]
internal struct NvmlTemperature
{
    public const uint Version1 = 0x0100000C;
    public uint Version;
    public uint Sensor;
    public int Celsius;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMargin
{
    public const uint Version1 = 0x01000008;
    public uint Version;
    public int Celsius;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemory
{
    public ulong Total;
    public ulong Free;
    public ulong Used;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemoryV2
{
    public const uint Version2 = 0x02000028;
    public uint Version;
    public ulong Total;
    public ulong Reserved;
    public ulong Free;
    public ulong Used;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NvmlUtilization
{
    public uint Gpu;
    public uint Memory;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NvmlViolation
{
    public ulong ReferenceMicroseconds;
    public ulong ViolationNanoseconds;
}

[StructLayout(LayoutKind.Explicit, Size = 68)]
internal struct NvmlPciInfo
{
    [FieldOffset(36)] public BusId Id;

    [InlineArray(32)]
    internal struct BusId
    {
        private byte _first;
    }
}
