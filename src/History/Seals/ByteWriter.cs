using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;

namespace EnergyTTT.History.Seals;

/// <summary>Writes the parts of the sealed format, one behind the other.</summary>
internal sealed class ByteWriter
{
    // Measured on the recorded trace and the simulated fleet: docs/measurements/storage.md. Higher ones gain 1 to 3 % for many times the time.
    private const int BrotliQuality = 5;
    private const int BrotliWindow = 18;
    private byte[] _buffer = new byte[256];
    private int _length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public int Length => _length;

    public void Byte(byte value) => Room(1)[0] = value;

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Room(bytes.Length));

    /// <summary>Seven bits a byte, lowest first; the top bit says that more follow.</summary>
    public void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            Byte((byte)(value | 0x80));
        }

        Byte((byte)value);
    }

    public void Signed(long value) => Varint(ZigZag.Encode(value));

    public void Fixed(long value) => BinaryPrimitives.WriteInt64LittleEndian(Room(8), value);

    /// <summary>Bytes, compressed where that makes them fewer.</summary>
    public void Packed(ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)bytes.Length);
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        if (bytes.Length > 0 && BrotliEncoder.TryCompress(bytes, packed, out var length, BrotliQuality, BrotliWindow) && length < bytes.Length)
        {
            Varint((ulong)length);
            Bytes(packed.AsSpan(0, length));
        }
        else
        {
            Varint((ulong)bytes.Length);
            Bytes(bytes);
        }
    }

    /// <summary>Numbers as planes: the lowest byte of all of them, then the next, up to the highest that any of them needs. Like bytes stand together, and planes of zeros cost nothing.</summary>
    public void Planes(ReadOnlySpan<ulong> numbers)
    {
        var any = 0UL;
        foreach (var number in numbers)
        {
            any |= number;
        }

        var width = (71 - BitOperations.LeadingZeroCount(any)) / 8;
        Byte((byte)width);
        if (width == 0)
        {
            return;
        }

        var planes = new byte[width * numbers.Length];
        for (var plane = 0; plane < width; plane++)
        {
            var to = planes.AsSpan(plane * numbers.Length, numbers.Length);
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = (byte)(numbers[i] >> (8 * plane));
            }
        }

        Packed(planes);
    }

    private Span<byte> Room(int bytes)
    {
        if (_buffer.Length - _length < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _length + bytes));
        }

        _length += bytes;
        return _buffer.AsSpan(_length - bytes, bytes);
    }
}

/// <summary>Signed numbers as unsigned ones that are small when the number is near 0: 0, -1, 1, -2 become 0, 1, 2, 3.</summary>
internal static class ZigZag
{
    public static ulong Encode(long value) => (ulong)((value << 1) ^ (value >> 63));

    public static long Decode(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
