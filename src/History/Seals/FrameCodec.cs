using System.Runtime.InteropServices;

namespace EnergyTTT.History.Seals;

/// <summary>
/// The sealed form of the frames of one GPU over a span: a format number, the number of rows, the length of every column, the columns. A column that is not asked for is not unpacked.
/// </summary>
internal static class FrameCodec
{
    private const byte Format = 1;

    /// <summary>More rows than an hour can have with a frame every millisecond.</summary>
    private const int MostRows = 4_000_000;

    /// <summary>Share of rows from which on greatest power is packed beside mean power.</summary>
    private const double LeastBeside = 0.25;

    private enum Shape : byte
    {
        /// <summary>No row has a value.</summary>
        Empty = 0,

        /// <summary>All values are the same.</summary>
        Constant = 1,

        Wholes = 2,
        Reals = 3,

        /// <summary>Mean power that is energy over seconds, bit for bit.</summary>
        Quotient = 4,

        /// <summary>Greatest power by the bits that differ from mean power: a steady load has none.</summary>
        Beside = 5,
    }

    /// <summary>Packs frames.</summary>
    public static byte[] Encode(FrameColumns frames)
    {
        var to = new ByteWriter();
        to.Byte(Format);
        to.Varint((ulong)frames.Count);
        var columns = new ByteWriter();
        for (var column = (FrameColumn)0; (int)column < FrameColumnFacts.Count; column++)
        {
            var start = columns.Length;
            WriteColumn(columns, column, frames);
            to.Varint((ulong)(columns.Length - start));
        }

        to.Bytes(columns.Written);
        return to.Written.ToArray();
    }

    /// <summary>Finds the columns in packed frames.</summary>
    /// <exception cref="InvalidDataException">The bytes are not sealed frames of a known format.</exception>
    public static SealedFrames Open(ReadOnlyMemory<byte> bytes)
    {
        var from = new ByteReader(bytes.Span);
        var format = from.Byte();
        if (format != Format)
        {
            throw new InvalidDataException($"Frames are sealed in format {format}; this program reads {Format}. Start the version that wrote them, or a newer one.");
        }

        var count = from.Length(MostRows);
        var lengths = new int[FrameColumnFacts.Count];
        for (var column = 0; column < lengths.Length; column++)
        {
            lengths[column] = from.Length(bytes.Length);
        }

        var columns = new ReadOnlyMemory<byte>[FrameColumnFacts.Count];
        var at = bytes.Length - lengths.Sum(length => (long)length);
        if (at < 0)
        {
            throw ByteReader.Broken("the columns are longer than the whole");
        }

        for (var column = 0; column < columns.Length; column++)
        {
            columns[column] = bytes.Slice((int)at, lengths[column]);
            at += lengths[column];
        }

        return new SealedFrames(count, columns);
    }

    /// <summary>Unpacks everything and compares it bit for bit.</summary>
    /// <exception cref="InvalidDataException">Something differs.</exception>
    public static void Verify(FrameColumns frames, byte[] packed)
    {
        var opened = Open(packed);
        for (var column = (FrameColumn)0; (int)column < FrameColumnFacts.Count; column++)
        {
            var (wanted, got) = (frames[column], opened[column]);
            for (var row = 0; row < frames.Count; row++)
            {
                if (wanted.Whole(row) != got.Whole(row))
                {
                    throw new InvalidDataException($"Column {column} does not come back from its packed form: row {row} is {got.Whole(row)} and was {wanted.Whole(row)}. This is a fault of the program.");
                }
            }
        }
    }

    /// <summary>Unpacks one column.</summary>
    public static FrameValues ReadColumn(SealedFrames frames, FrameColumn column, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Unpack(frames, column, bytes);
        }
        catch (Exception exception) when (exception is ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw ByteReader.Broken($"column {column}, {exception.Message}");
        }
    }

    private static void WriteColumn(ByteWriter to, FrameColumn column, FrameColumns frames)
    {
        var values = frames[column];
        var known = Pick(values, frames.Count);
        if (column == FrameColumn.Received)
        {
            known = Distances(known, frames[FrameColumn.Time].Bits, -1);
        }

        if (known.Length == 0)
        {
            to.Byte((byte)Shape.Empty);
            return;
        }

        var constant = known.AsSpan().IndexOfAnyExcept(known[0]) < 0;
        var quotient = !constant && column == FrameColumn.PowerAverageWatts && Quotients(values, frames[FrameColumn.EnergyJoules], frames[FrameColumn.Seconds], frames.Count) is { } expected && expected.AsSpan().SequenceEqual(known);
        var beside = !constant && column == FrameColumn.PowerMaxWatts ? Beside(known, values, frames[FrameColumn.PowerAverageWatts], frames.Count) : [];
        var shape = constant ? Shape.Constant
            : quotient ? Shape.Quotient
            : beside.Count(bits => bits == 0) > known.Length * LeastBeside ? Shape.Beside
            : column.IsReal() ? Shape.Reals
            : Shape.Wholes;
        to.Byte((byte)shape);
        WriteKnown(to, values.Known, frames.Count);
        switch (shape)
        {
            case Shape.Constant:
                to.Fixed(known[0]);
                break;
            case Shape.Beside:
                to.Planes(MemoryMarshal.Cast<long, ulong>(beside));
                break;
            case Shape.Reals:
                RealNumbers.Write(to, known, Divisors(column, values, frames[FrameColumn.Samples], frames.Count));
                break;
            case Shape.Wholes:
                WholeNumbers.Write(to, known);
                break;
        }
    }

    private static FrameValues Unpack(SealedFrames frames, FrameColumn column, ReadOnlySpan<byte> bytes)
    {
        var from = new ByteReader(bytes);
        var shape = (Shape)from.Byte();
        if (shape == Shape.Empty)
        {
            return new FrameValues(new long[frames.Count], new bool[frames.Count]);
        }

        var known = ReadKnown(ref from, frames.Count);
        var count = known?.Count(has => has) ?? frames.Count;
        var where = new FrameValues([], known);
        var packed = shape switch
        {
            Shape.Constant => Repeat(from.Fixed(), count),
            Shape.Wholes => WholeNumbers.Read(ref from, count),
            Shape.Reals => RealNumbers.Read(ref from, count, Divisors(column, where, column == FrameColumn.PowerAverageWatts ? frames[FrameColumn.Samples] : default, frames.Count)),
            Shape.Beside => Beside(MemoryMarshal.Cast<ulong, long>(from.Planes(count)).ToArray(), where, frames[FrameColumn.PowerAverageWatts], frames.Count),
            Shape.Quotient => Quotients(where, frames[FrameColumn.EnergyJoules], frames[FrameColumn.Seconds], frames.Count) ?? throw ByteReader.Broken("a quotient lacks its energy"),
            _ => throw ByteReader.Broken($"column {column} has an unknown shape"),
        };
        if (column == FrameColumn.Received)
        {
            packed = Distances(packed, frames[FrameColumn.Time].Bits, 1);
        }

        return new FrameValues(Spread(packed, known, frames.Count), known);
    }

    private static long[] Repeat(long value, int count)
    {
        var values = new long[count];
        Array.Fill(values, value);
        return values;
    }

    /// <summary>The values of the rows that have one.</summary>
    private static long[] Pick(FrameValues values, int count)
    {
        if (values.Known is not { } known)
        {
            return values.Bits;
        }

        var picked = new List<long>(count);
        for (var row = 0; row < count; row++)
        {
            if (known[row])
            {
                picked.Add(values.Bits[row]);
            }
        }

        return [.. picked];
    }

    private static long[] Spread(long[] packed, bool[]? known, int count)
    {
        if (known is null)
        {
            return packed;
        }

        var spread = new long[count];
        for (int row = 0, next = 0; row < count; row++)
        {
            spread[row] = known[row] ? packed[next++] : 0;
        }

        return spread;
    }

    /// <summary>Every frame has both of its times, so the rows agree.</summary>
    private static long[] Distances(long[] values, long[] times, int sign)
    {
        var distances = new long[values.Length];
        for (var row = 0; row < distances.Length; row++)
        {
            distances[row] = unchecked(values[row] + (sign * times[row]));
        }

        return distances;
    }

    /// <summary>Energy over seconds for the rows that have a mean power; null when one of them has no energy.</summary>
    private static long[]? Quotients(FrameValues where, FrameValues energy, FrameValues seconds, int count)
    {
        var quotients = new List<long>(count);
        for (var row = 0; row < count; row++)
        {
            if (!where.Has(row))
            {
                continue;
            }

            if (energy.Real(row) is not { } joules || seconds.Real(row) is not { } length)
            {
                return null;
            }

            quotients.Add(BitConverter.DoubleToInt64Bits(joules / length));
        }

        return [.. quotients];
    }

    /// <summary>The bits that differ between the packed values and mean power; of those differences, the packed values.</summary>
    private static long[] Beside(long[] packed, FrameValues where, FrameValues mean, int count)
    {
        var differing = new long[packed.Length];
        for (int row = 0, next = 0; row < count; row++)
        {
            if (where.Has(row))
            {
                differing[next] = packed[next] ^ (mean.Whole(row) ?? 0);
                next++;
            }
        }

        return differing;
    }

    /// <summary>Mean power is the mean of the frame's samples; other columns are means of nothing.</summary>
    private static long[] Divisors(FrameColumn column, FrameValues where, FrameValues samples, int count)
    {
        if (column != FrameColumn.PowerAverageWatts)
        {
            return [];
        }

        var divisors = new List<long>(count);
        for (var row = 0; row < count; row++)
        {
            if (where.Has(row))
            {
                divisors.Add(samples.Whole(row) ?? 1);
            }
        }

        return [.. divisors];
    }

    private static void WriteKnown(ByteWriter to, bool[]? known, int count)
    {
        to.Byte(known is null ? (byte)0 : (byte)1);
        if (known is null)
        {
            return;
        }

        var bitmap = new byte[(count + 7) / 8];
        for (var row = 0; row < count; row++)
        {
            bitmap[row >> 3] |= (byte)(known[row] ? 1 << (row & 7) : 0);
        }

        to.Packed(bitmap);
    }

    private static bool[]? ReadKnown(ref ByteReader from, int count)
    {
        if (from.Byte() == 0)
        {
            return null;
        }

        var bitmap = from.Packed((count + 7) / 8);
        var known = new bool[count];
        for (var row = 0; row < count; row++)
        {
            known[row] = (bitmap[row >> 3] >> (row & 7) & 1) != 0;
        }

        return known;
    }
}
