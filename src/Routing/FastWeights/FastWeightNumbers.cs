using System.Buffers.Binary;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>Floats as bytes: fp32 as they are, bf16 rounded to nearest even.</summary>
internal static class FastWeightNumbers
{
    /// <summary>Writes and returns where the next number goes.</summary>
    public static int Write(Span<byte> target, int at, ReadOnlySpan<float> values, FastWeightFormat format)
    {
        foreach (var value in values)
        {
            if (format == FastWeightFormat.Fp32)
                BinaryPrimitives.WriteSingleLittleEndian(target[at..], value);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(target[at..], ToBFloat16(value));
            at += format == FastWeightFormat.Fp32 ? 4 : 2;
        }

        return at;
    }

    /// <summary>Reads a number of values and moves <paramref name="source"/> past them.</summary>
    public static float[] Take(ref ReadOnlySpan<byte> source, int count, FastWeightFormat format)
    {
        var values = new float[count];
        var size = format == FastWeightFormat.Fp32 ? 4 : 2;
        for (var i = 0; i < count; i++)
        {
            values[i] = format == FastWeightFormat.Fp32
                ? BinaryPrimitives.ReadSingleLittleEndian(source[(i * size)..])
                : BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(i * size)..]) << 16);
        }

        source = source[(count * size)..];
        return values;
    }

    /// <summary>Nearest bfloat16, ties to even. NaN stays NaN; the largest floats round to infinity, which reading refuses.</summary>
    public static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7fc0 : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
