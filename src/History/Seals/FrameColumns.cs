namespace EnergyTTT.History.Seals;

/// <summary>Frames of one GPU column by column, in the order in which they are added.</summary>
internal sealed class FrameColumns
{
    private readonly long[][] _bits = new long[FrameColumnFacts.Count][];
    private readonly bool[][] _known = new bool[FrameColumnFacts.Count][];

    /// <summary>Without rows, and with room for some.</summary>
    public FrameColumns(int capacity = 64)
    {
        for (var column = 0; column < FrameColumnFacts.Count; column++)
        {
            _bits[column] = new long[capacity];
            _known[column] = new bool[capacity];
        }
    }

    /// <summary>Number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>A row without any value is added; <see cref="Put(FrameColumn, long)"/> fills it.</summary>
    public void AddRow()
    {
        if (Count == _bits[0].Length)
        {
            for (var column = 0; column < FrameColumnFacts.Count; column++)
            {
                Array.Resize(ref _bits[column], 2 * Count + 1);
                Array.Resize(ref _known[column], 2 * Count + 1);
            }
        }

        Count++;
    }

    /// <summary>Sets a value of the newest row.</summary>
    public void Put(FrameColumn column, long bits)
    {
        _bits[(int)column][Count - 1] = bits;
        _known[(int)column][Count - 1] = true;
    }

    /// <summary>Sets a double of the newest row.</summary>
    public void Put(FrameColumn column, double value) => Put(column, BitConverter.DoubleToInt64Bits(value));

    /// <summary>The column as it is now.</summary>
    public FrameValues this[FrameColumn column]
    {
        get
        {
            var known = _known[(int)column].AsSpan(0, Count);
            return new FrameValues(_bits[(int)column][..Count], known.Contains(false) ? known.ToArray() : null);
        }
    }

    /// <summary>Adds a row of sealed frames.</summary>
    public void AddRow(SealedFrames from, int row)
    {
        AddRow();
        for (var column = 0; column < FrameColumnFacts.Count; column++)
        {
            if (from[(FrameColumn)column].Whole(row) is { } bits)
            {
                Put((FrameColumn)column, bits);
            }
        }
    }

    /// <summary>The same rows by time, boot and sequence; of rows with the same three the first stays.</summary>
    public FrameColumns Sorted()
    {
        var (times, boots, sequences) = (_bits[(int)FrameColumn.Time], _bits[(int)FrameColumn.Boot], _bits[(int)FrameColumn.Sequence]);
        var order = new int[Count];
        for (var row = 0; row < Count; row++)
        {
            order[row] = row;
        }

        Array.Sort(order, (a, b) =>
        {
            var by = times[a].CompareTo(times[b]);
            by = by != 0 ? by : boots[a].CompareTo(boots[b]);
            by = by != 0 ? by : sequences[a].CompareTo(sequences[b]);
            return by != 0 ? by : a.CompareTo(b);
        });
        var sorted = new FrameColumns(Count);
        for (var i = 0; i < order.Length; i++)
        {
            var row = order[i];
            if (i > 0 && Key(row) == Key(order[i - 1]))
            {
                continue;
            }

            sorted.AddRow();
            for (var column = 0; column < FrameColumnFacts.Count; column++)
            {
                sorted._bits[column][sorted.Count - 1] = _bits[column][row];
                sorted._known[column][sorted.Count - 1] = _known[column][row];
            }
        }

        return sorted;

        (long, long, long) Key(int row) => (times[row], boots[row], sequences[row]);
    }
}
