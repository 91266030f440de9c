namespace EnergyTTT.History.Seals;

/// <summary>Packed frames of one GPU, by time, boot and sequence. A column is unpacked when it is first asked for.</summary>
internal sealed class SealedFrames(int count, ReadOnlyMemory<byte>[] columns)
{
    private readonly FrameValues?[] _unpacked = new FrameValues?[FrameColumnFacts.Count];

    /// <summary>Number of frames.</summary>
    public int Count => count;

    /// <summary>A column.</summary>
    /// <exception cref="InvalidDataException">Its bytes are damaged.</exception>
    public FrameValues this[FrameColumn column] => _unpacked[(int)column] ??= FrameCodec.ReadColumn(this, column, columns[(int)column].Span);

    /// <summary>Bytes of a packed column.</summary>
    public int PackedBytes(FrameColumn column) => columns[(int)column].Length;

    /// <summary>The rows with <paramref name="from"/> &lt;= time &lt; <paramref name="to"/>: the first of them, and the one after the last.</summary>
    public (int First, int After) Between(DateTime from, DateTime to)
    {
        var times = this[FrameColumn.Time].Bits;
        return (First(times, SealSpan.Microseconds(from)), First(times, SealSpan.Microseconds(to)));
    }

    private static int First(long[] times, long moment)
    {
        var (low, high) = (0, times.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = times[middle] < moment ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
