using System.Globalization;
using EnergyTTT.Telemetry.Logs;

namespace EnergyTTT.Telemetry.Uploads;

/// <summary>
/// A queue of records on disk, bounded in size: what is appended survives the death of the process, and of the machine once <see cref="Flush"/> has run. Full,
/// it gives up its oldest segment. When the disk itself refuses, a few records are kept in memory. Thread-safe.
/// </summary>
internal sealed class Journal : IDisposable
{
    private const int LongestOverflow = 600;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly long _limit;
    private readonly long _segmentSize;
    private readonly ITelemetryLog _log;
    private readonly JournalCursor _cursor;
    private readonly List<JournalSegment> _segments = [];
    private readonly List<byte[]> _overflow = [];
    private bool _dirty;

    /// <param name="limitBytes">The greatest size on disk, in bytes.</param>
    /// <param name="segmentBytes">The size at which a new file is begun, in bytes.</param>
    public Journal(string folder, long limitBytes, long segmentBytes, ITelemetryLog log)
    {
        (_folder, _limit, _segmentSize, _log) = (folder, limitBytes, segmentBytes, log);
        Directory.CreateDirectory(folder);
        _cursor = new JournalCursor(Path.Combine(folder, "cursor"));
        foreach (var path in Directory.GetFiles(folder, "*.seg").Order(StringComparer.Ordinal))
        {
            if (!ulong.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number))
            {
                continue;
            }

            if (number < _cursor.Segment)
            {
                File.Delete(path);
                continue;
            }

            _segments.Add(JournalSegment.Open(folder, number));
        }

        if (_segments.Count == 0)
        {
            _segments.Add(JournalSegment.Open(folder, _cursor.Segment + 1));
        }

        if (_segments[0].Number != _cursor.Segment || _cursor.Offset > _segments[0].Length)
        {
            _cursor.Move(_segments[0].Number, 0);
        }
    }

    /// <summary>Records that were given up for want of room.</summary>
    public long Dropped { get; private set; }

    /// <summary>Size on disk, in bytes.</summary>
    public long Size
    {
        get
        {
            lock (_gate)
            {
                return _segments.Sum(segment => segment.Length);
            }
        }
    }

    /// <summary>Whether everything was acknowledged.</summary>
    public bool Empty
    {
        get
        {
            lock (_gate)
            {
                return _overflow.Count == 0 && _segments.Count == 1 && _cursor.Offset == _segments[0].Length;
            }
        }
    }

    /// <summary>Appends a record.</summary>
    public void Append(byte[] record)
    {
        lock (_gate)
        {
            try
            {
                // What the disk refused must not be overtaken.
                while (_overflow.Count > 0)
                {
                    Write(_overflow[0]);
                    _overflow.RemoveAt(0);
                }

                Write(record);
            }
            catch (IOException fault)
            {
                if (_overflow.Count == 0)
                {
                    _log.Write(LogLevel.Error, $"buffer {_folder}: {fault.Message}; the newest {LongestOverflow} batches are kept in memory");
                }

                _overflow.Add(record);
                if (_overflow.Count > LongestOverflow)
                {
                    _overflow.RemoveAt(0);
                    Dropped++;
                }
            }
        }
    }

    /// <summary>The oldest records that are not acknowledged: at least one where there is any, then as many as <paramref name="wanted"/> likes.</summary>
    /// <param name="wanted">Looks at a record and says whether it goes along.</param>
    /// <returns>The position behind the last of them, for <see cref="Acknowledge"/>.</returns>
    public JournalPosition Peek(Func<byte[], bool> wanted)
    {
        lock (_gate)
        {
            var (index, offset, overflow) = (0, _cursor.Offset, 0);
            while (true)
            {
                long next = 0;
                var record = index < _segments.Count ? _segments[index].Read(offset, out next) : overflow < _overflow.Count ? _overflow[overflow] : null;
                if (record is null && index < _segments.Count)
                {
                    // The end of a segment: go on with the next one, or with what the disk refused.
                    (index, offset) = index + 1 < _segments.Count || _overflow.Count > 0 ? (index + 1, 0) : (int.MaxValue, offset);
                    if (index != int.MaxValue)
                    {
                        continue;
                    }

                    return new JournalPosition(_segments[^1].Number, offset, 0);
                }

                if (record is null || !wanted(record))
                {
                    return index < _segments.Count
                        ? new JournalPosition(_segments[index].Number, offset, 0)
                        : new JournalPosition(_segments[^1].Number, _segments[^1].Length, overflow);
                }

                if (index < _segments.Count)
                {
                    offset = next;
                }
                else
                {
                    overflow++;
                }
            }
        }
    }

    /// <summary>Forgets what lies before a position.</summary>
    public void Acknowledge(JournalPosition position)
    {
        lock (_gate)
        {
            while (_segments.Count > 1 && _segments[0].Number < position.Segment)
            {
                _segments[0].Delete();
                _segments.RemoveAt(0);
            }

            // The segment may have been given up meanwhile.
            if (position.Segment == _segments[0].Number && (position.Segment > _cursor.Segment || position.Offset > _cursor.Offset))
            {
                _cursor.Move(position.Segment, position.Offset);
            }

            _overflow.RemoveRange(0, Math.Min(position.Overflow, _overflow.Count));
            if (_segments.Count == 1 && _segments[0].Length >= _segmentSize && _cursor.Offset == _segments[0].Length)
            {
                Begin();
                _segments[0].Delete();
                _segments.RemoveAt(0);
                _cursor.Move(_segments[0].Number, 0);
            }
        }
    }

    /// <summary>Forces everything to the disk.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_dirty)
            {
                _segments[^1].Flush();
                _dirty = false;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Flush();
        _segments.ForEach(segment => segment.Dispose());
        _cursor.Dispose();
    }

    private void Write(byte[] record)
    {
        if (_segments[^1].Length >= _segmentSize)
        {
            Begin();
        }

        while (_segments.Count > 1 && _segments.Sum(segment => segment.Length) + record.Length > _limit)
        {
            var oldest = _segments[0];
            Dropped += oldest.Records;
            _log.Write(LogLevel.Error, $"buffer {_folder} is full ({_limit} bytes): the oldest {oldest.Records} batches were given up");
            oldest.Delete();
            _segments.RemoveAt(0);
            _cursor.Move(_segments[0].Number, 0);
        }

        _segments[^1].Append(record);
        _dirty = true;
    }

    private void Begin()
    {
        _segments[^1].Flush();
        _segments.Add(JournalSegment.Open(_folder, _segments[^1].Number + 1));
    }
}

/// <summary>A place in a journal: a segment, an offset in it, and how many records beyond the disk.</summary>
internal readonly record struct JournalPosition(ulong Segment, long Offset, int Overflow);
