namespace EnergyTTT.Silo.Frames;

/// <summary>
/// The numbers that NVIDIA's tools write for "no reading". DCGM has one range per type; after a detour through a double the
/// last digits are gone, hence bounds and not equality (gpu-measurement notes, section 6).
/// </summary>
internal static class Sentinels
{
    private const double Int64Least = 9.2e18;
    private const double Int64Most = 9.3e18;
    private const double DoubleLeast = 140_737_488_355_328;
    private const double DoubleMost = DoubleLeast + 15;
    private const double Int32Least = 0x7ffffff0;
    private const double Int32Most = 0x7fffffff;
    private const double UInt32All = uint.MaxValue;

    /// <summary>Whether the value stands for "no reading" in a field of this kind.</summary>
    public static bool Is(double value, FieldKind kind)
    {
        if (value < Int32Least)
        {
            return false;
        }

        if (value is >= Int64Least and <= Int64Most or >= DoubleLeast and <= DoubleMost)
        {
            return true;
        }

        return kind != FieldKind.Bytes && value == Math.Floor(value) && (value is (>= Int32Least and <= Int32Most) or UInt32All);
    }
}
