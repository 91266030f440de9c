using System.Buffers.Binary;
using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace EnergyTTT.Telemetry.Uploads;

/// <summary>
/// One file of a journal: records of [length, checksum, bytes], appended. What a crash left half-written at the end is cut off when the file is opened.
/// </summary>
internal sealed class JournalSegment : IDisposable
{
    private const int Prefix = 8;

    private readonly SafeFileHandle _file;
    private readonly string _path;

    private JournalSegment(string path, ulong number, SafeFileHandle file) => (_path, Number, _file) = (path, number, file);

    /// <summary>Segments count up.</summary>
    public ulong Number { get; }

    /// <summary>End of the last whole record.</summary>
    public long Length { get; private set; }

    /// <summary>Whole records in the file.</summary>
    public int Records { get; private set; }

    /// <summary>Opens or creates the segment with this number.</summary>
    public static JournalSegment Open(string folder, ulong number)
    {
        var path = Path.Combine(folder, FormattableString.Invariant($"{number:x16}.seg"));
        var segment = new JournalSegment(path, number, File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read));
        while (segment.Read(segment.Length, out var next) is not null)
        {
            segment.Length = next;
            segment.Records++;
        }

        if (RandomAccess.GetLength(segment._file) > segment.Length)
        {
            RandomAccess.SetLength(segment._file, segment.Length);
        }

        return segment;
    }

    /// <summary>Appends a record; a failed write leaves the file as it was.</summary>
    public void Append(ReadOnlySpan<byte> record)
    {
        var bytes = new byte[Prefix + record.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Checksum(record));
        record.CopyTo(bytes.AsSpan(Prefix));
        try
        {
            RandomAccess.Write(_file, bytes, Length);
        }
        catch (IOException)
        {
            RandomAccess.SetLength(_file, Length);
            throw;
        }

        Length += bytes.Length;
        Records++;
    }

    /// <summary>Reads the record at an offset, or answers null at the end or where it is not whole.</summary>
    public byte[]? Read(long offset, out long next)
    {
        next = offset;
        Span<byte> prefix = stackalloc byte[Prefix];
        if (RandomAccess.Read(_file, prefix, offset) < Prefix)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length <= 0 || length > RandomAccess.GetLength(_file) - offset - Prefix)
        {
            return null;
        }

        var record = new byte[length];
        if (RandomAccess.Read(_file, record, offset + Prefix) < length || Checksum(record) != BinaryPrimitives.ReadUInt32LittleEndian(prefix[4..]))
        {
            return null;
        }

        next = offset + Prefix + length;
        return record;
    }

    /// <summary>Forces what was written to the disk.</summary>
    public void Flush() => RandomAccess.FlushToDisk(_file);

    /// <summary>Closes and deletes the file.</summary>
    public void Delete()
    {
        Dispose();
        File.Delete(_path);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var checksum = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var b in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, b);
        }

        return ~checksum;
    }
}
