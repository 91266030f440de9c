namespace EnergyTTT.Telemetry.Nvml;

/// <summary>Readings that can be true. Sensors and exporters say "unknown" with numbers (all bits set, 9.2e18, 0 for a missing memory sensor): these become null.</summary>
internal static class Plausible
{
    /// <summary>Degrees Celsius within -20 to 130.</summary>
    public static double? Celsius(double? value) => value is >= -20 and <= 130 ? value : null;

    /// <summary>Watts of 0 or more and at most 1.5 times the card's greatest limit; without a known limit at most 10 kW.</summary>
    public static double? Watts(double? value, double? limit) => value >= 0 && value <= (1.5 * limit ?? 10_000) ? value : null;

    /// <summary>A share of 0 to 1.</summary>
    public static double? Ratio(double? value) => value is >= 0 and <= 1 ? value : null;

    /// <summary>Hertz above 0 and at most 10 GHz.</summary>
    public static double? Hertz(double? value) => value is > 0 and <= 10e9 ? value : null;

    /// <summary>Bytes of 0 or more and at most 16 TiB.</summary>
    public static long? Bytes(double? value) => value is >= 0 and <= 16.0 * (1L << 40) ? (long)value : null;

    /// <summary>A cumulative count that is no blank: blanks of the exporters begin at 0x7ffffffffffffff0, 9.2e18 after a detour through floating point.</summary>
    public static ulong? Counter(ulong? value) => value < 9_200_000_000_000_000_000 ? value : null;
}
