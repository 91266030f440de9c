using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Frames;

/// <summary>Compares descriptions by what they say: records compare their lists by reference.</summary>
internal static class GpuDescriptions
{
    public static bool Same(GpuDescription a, GpuDescription b) =>
        a with { Passport = null } == b with { Passport = null } && Same(a.Passport, b.Passport);

    private static bool Same(SensorPassport? a, SensorPassport? b) =>
        ReferenceEquals(a, b) || (a is not null && b is not null && a.PowerScope == b.PowerScope && a.Sensors.SequenceEqual(b.Sensors));
}
