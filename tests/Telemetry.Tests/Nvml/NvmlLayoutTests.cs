using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EnergyTTT.Telemetry.Nvml;
using EnergyTTT.Telemetry.Tests.FakeNvml;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Nvml;

public sealed class NvmlLayoutTests
{
    [Fact]
    public void Structs_lie_in_memory_as_a_C_compiler_lays_them_out()
    {
        using var driver = new FakeDriver("");

        Assert.Equal(40, Unsafe.SizeOf<NvmlFieldValue>());
        Same<NvmlFieldValue>(driver, "FieldValue", ("field", "FieldId"), ("scope", "ScopeId"), ("timestamp", "TimestampMicroseconds"),
            ("latency", "LatencyMicroseconds"), ("type", "ValueType"), ("code", "Return"), ("value", "Double"));
        Same<NvmlTemperature>(driver, "Temperature", ("sensor", "Sensor"), ("temperature", "Celsius"));
        Same<NvmlMargin>(driver, "Margin", ("margin", "Celsius"));
        Same<NvmlMemoryV2>(driver, "MemoryV2", ("total", "Total"), ("used", "Used"));
        Same<NvmlMemory>(driver, "MemoryV1", ("used", "Used"));
        Same<NvmlUtilization>(driver, "Utilization", ("memory", "Memory"));
        Same<NvmlViolation>(driver, "Violation", ("violation_ns", "ViolationNanoseconds"));
        Assert.Equal(driver.Layout("PciInfo"), Unsafe.SizeOf<NvmlPciInfo>());
        Assert.Equal(driver.Layout("PciInfo.bus_id"), (int)Marshal.OffsetOf<NvmlPciInfo>("Id"));
    }

    [Fact]
    public void Version_words_are_the_size_and_the_version()
    {
        Assert.Equal(NvmlTemperature.Version1, (uint)Unsafe.SizeOf<NvmlTemperature>() | 1u << 24);
        Assert.Equal(NvmlMargin.Version1, (uint)Unsafe.SizeOf<NvmlMargin>() | 1u << 24);
        Assert.Equal(NvmlMemoryV2.Version2, (uint)Unsafe.SizeOf<NvmlMemoryV2>() | 2u << 24);
    }

    private static void Same<T>(FakeDriver driver, string name, params (string C, string Ours)[] members)
        where T : struct
    {
        Assert.Equal(driver.Layout(name), Unsafe.SizeOf<T>());
        Assert.All(members, member => Assert.Equal(driver.Layout($"{name}.{member.C}"), (int)Marshal.OffsetOf<T>(member.Ours)));
    }
}
