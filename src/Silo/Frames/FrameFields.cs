using System.Text;

namespace EnergyTTT.Silo.Frames;

/// <summary>
/// The fields of a frame on the wire with the bounds within which a reading is believed. The order is that of
/// <see cref="Wire.Telemetry.Frame"/>, which is the order in which agents write them.
/// </summary>
internal static class FrameFields
{
    public const int Gpu = 0;
    public const int Sequence = 1;
    public const int Time = 2;
    public const int Seconds = 3;
    public const int Origin = 4;
    public const int EnergyJoules = 5;
    public const int EnergyMethod = 6;
    public const int PowerAverageWatts = 7;
    public const int PowerMaxWatts = 8;
    public const int TemperatureCelsius = 9;
    public const int MemoryTemperatureCelsius = 10;
    public const int ThermalMarginCelsius = 11;
    public const int UtilizationRatio = 12;
    public const int MemoryActivityRatio = 13;
    public const int MemoryUsedBytes = 14;
    public const int MemoryTotalBytes = 15;
    public const int SmClockHertz = 16;
    public const int MemoryClockHertz = 17;
    public const int PowerLimitWatts = 18;
    public const int FanRatio = 19;
    public const int ThrottleSeconds = 20;
    public const int Tokens = 21;
    public const int Samples = 22;

    /// <summary>The first of the four fields inside <c>throttle_seconds</c>.</summary>
    public const int ThrottleSwPowerCap = 23;
    public const int ThrottleSwThermal = 24;
    public const int ThrottleHwThermal = 25;
    public const int ThrottlePowerBrake = 26;

    /// <summary>Fields in all, those inside <c>throttle_seconds</c> included.</summary>
    public const int Count = 27;

    /// <summary>No card and no board draws more; what a reading above it means is a broken sensor.</summary>
    public const double MostWatts = 20_000;

    /// <summary>The longest interval of one frame.</summary>
    public const double MostSeconds = 3_600;

    private const double MostBytes = 1L << 50;
    private const double MostHertz = 100e9;

    /// <summary>The fields, by their constant.</summary>
    public static readonly FrameField[] All =
    [
        FrameField.Of("gpu", FieldKind.Text),
        FrameField.Of("sequence", FieldKind.Integer, 0, long.MaxValue),
        FrameField.Of("time", FieldKind.Text),
        FrameField.Of("seconds", FieldKind.Number, 0, MostSeconds),
        FrameField.Of("origin", FieldKind.Text),
        FrameField.Of("energy_joules", FieldKind.Number, 0, MostWatts * MostSeconds),
        FrameField.Of("energy_method", FieldKind.Text),
        FrameField.Of("power_average_watts", FieldKind.Number, 0, MostWatts),
        FrameField.Of("power_max_watts", FieldKind.Number, 0, MostWatts),
        FrameField.Of("temperature_celsius", FieldKind.Number, -20, 130),
        FrameField.Of("memory_temperature_celsius", FieldKind.Number, -20, 130),
        FrameField.Of("thermal_margin_celsius", FieldKind.Number, -130, 150),
        FrameField.Of("utilization_ratio", FieldKind.Number, 0, 1),
        FrameField.Of("memory_activity_ratio", FieldKind.Number, 0, 1),
        FrameField.Of("memory_used_bytes", FieldKind.Bytes, 0, MostBytes),
        FrameField.Of("memory_total_bytes", FieldKind.Bytes, 0, MostBytes),
        FrameField.Of("sm_clock_hertz", FieldKind.Number, 0, MostHertz),
        FrameField.Of("memory_clock_hertz", FieldKind.Number, 0, MostHertz),
        FrameField.Of("power_limit_watts", FieldKind.Number, 0, MostWatts),
        FrameField.Of("fan_ratio", FieldKind.Number, 0, 1),
        FrameField.Of("throttle_seconds", FieldKind.Object),
        FrameField.Of("tokens", FieldKind.Integer, 0, 1e15),
        FrameField.Of("samples", FieldKind.Integer, 0, 1_000_000),
        FrameField.Of("throttle_seconds.sw_power_cap", FieldKind.Number, 0, MostSeconds),
        FrameField.Of("throttle_seconds.sw_thermal", FieldKind.Number, 0, MostSeconds),
        FrameField.Of("throttle_seconds.hw_thermal", FieldKind.Number, 0, MostSeconds),
        FrameField.Of("throttle_seconds.power_brake", FieldKind.Number, 0, MostSeconds),
    ];

    /// <summary>Whether the field may not be left out of a frame.</summary>
    public static bool IsRequired(int field) => field <= Origin;
}

/// <summary>What a field's value looks like in JSON.</summary>
internal enum FieldKind
{
    /// <summary>A string.</summary>
    Text,

    /// <summary>A number with or without a fraction.</summary>
    Number,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A whole number of bytes: 2 GiB less a few is a size here, and no sentinel.</summary>
    Bytes,

    /// <summary>A nested object.</summary>
    Object,
}

/// <summary>One field of a frame: its wire name, its kind and the closed range of values that are believed.</summary>
internal sealed record FrameField(string Name, byte[] Key, FieldKind Kind, double Least, double Most)
{
    /// <summary>A field; the key is the part of the name after the last dot.</summary>
    public static FrameField Of(string name, FieldKind kind, double least = 0, double most = 0) =>
        new(name, Encoding.UTF8.GetBytes(name[(name.LastIndexOf('.') + 1)..]), kind, least, most);
}
