using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace EnergyTTT.Telemetry.Uploads;

/// <summary>
/// Remembers up to where a journal is acknowledged. Written in place into two slots by turns, so that a crash spoils at most the newer one; an older position
/// only means that some records are sent again, and the server knows them by (GPU, boot, sequence).
/// </summary>
internal sealed class JournalCursor : IDisposable
{
    private const int Slot = 32;

    private readonly SafeFileHandle _file;
    private ulong _writes;

    public JournalCursor(string path)
    {
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        Span<byte> slot = stackalloc byte[Slot];
        for (var i = 0; i < 2; i++)
        {
            if (RandomAccess.Read(_file, slot, i * Slot) == Slot
                && BinaryPrimitives.ReadUInt64LittleEndian(slot[24..]) == Check(slot)
                && BinaryPrimitives.ReadUInt64LittleEndian(slot) is var writes && writes > _writes)
            {
                _writes = writes;
                Segment = BinaryPrimitives.ReadUInt64LittleEndian(slot[8..]);
                Offset = BinaryPrimitives.ReadInt64LittleEndian(slot[16..]);
            }
        }
    }

    /// <summary>The segment of the first record that is not acknowledged.</summary>
    public ulong Segment { get; private set; }

    /// <summary>Its offset there.</summary>
    public long Offset { get; private set; }

    public void Move(ulong segment, long offset)
    {
        (Segment, Offset) = (segment, offset);
        Span<byte> slot = stackalloc byte[Slot];
        BinaryPrimitives.WriteUInt64LittleEndian(slot, ++_writes);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[8..], segment);
        BinaryPrimitives.WriteInt64LittleEndian(slot[16..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[24..], Check(slot));
        RandomAccess.Write(_file, slot, (long)(_writes % 2) * Slot);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static ulong Check(ReadOnlySpan<byte> slot) =>
        BinaryPrimitives.ReadUInt64LittleEndian(slot) * 0x9E3779B97F4A7C15 ^ BinaryPrimitives.ReadUInt64LittleEndian(slot[8..]) * 0xC2B2AE3D27D4EB4F
        ^ BinaryPrimitives.ReadUInt64LittleEndian(slot[16..]) * 0x165667B19E3779F9 ^ 0x454E455247595454;
}
