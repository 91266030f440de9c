using System.Buffers.Binary;
using System.IO.Compression;

namespace EnergyTTT.History.Seals;

/// <summary>Reads what <see cref="ByteWriter"/> wrote.</summary>
/// <exception cref="InvalidDataException">The bytes are not whole.</exception>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    public byte Byte() => Take(1)[0];

    public ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Broken("a number has no end");
    }

    /// <summary>A length or count of at most <paramref name="most"/>.</summary>
    public int Length(int most = int.MaxValue)
    {
        var value = Varint();
        return value <= (ulong)most ? (int)value : throw Broken($"a length is {value}, at most {most} is possible");
    }

    public long Signed() => ZigZag.Decode(Varint());

    public long Fixed() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > _left.Length)
        {
            throw Broken($"{count} bytes are wanted and {_left.Length} are left");
        }

        var taken = _left[..count];
        _left = _left[count..];
        return taken;
    }

    /// <summary>What <see cref="ByteWriter.Packed"/> wrote; it must be <paramref name="expected"/> bytes.</summary>
    public byte[] Packed(int expected)
    {
        var length = Length();
        if (length != expected)
        {
            throw Broken($"{length} bytes are packed where {expected} belong");
        }

        var packed = Take(Length());
        if (packed.Length == length)
        {
            return packed.ToArray();
        }

        var bytes = new byte[length];
        return BrotliDecoder.TryDecompress(packed, bytes, out var written) && written == length ? bytes : throw Broken("compressed bytes cannot be read");
    }

    /// <summary>What <see cref="ByteWriter.Planes"/> wrote of <paramref name="count"/> numbers.</summary>
    public ulong[] Planes(int count)
    {
        var width = Byte();
        var numbers = new ulong[count];
        if (width == 0)
        {
            return numbers;
        }

        if (width > 8)
        {
            throw Broken($"a number has {width} bytes");
        }

        var planes = Packed(checked(width * count));
        for (var plane = 0; plane < width; plane++)
        {
            var from = planes.AsSpan(plane * count, count);
            for (var i = 0; i < count; i++)
            {
                numbers[i] |= (ulong)from[i] << (8 * plane);
            }
        }

        return numbers;
    }

    public static InvalidDataException Broken(string what) => new($"Sealed frames are damaged: {what}. Restore them from a backup.");
}
