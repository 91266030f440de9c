using System.Buffers.Binary;
using System.Numerics;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>CRC-32C (Castagnoli), the checksum that processors compute in hardware. "123456789" gives 0xE3069283.</summary>
internal static class Crc32C
{
    public const uint Start = 0xffff_ffff;

    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return crc;
    }

    public static uint Finish(uint crc) => ~crc;
}
