using System.Buffers.Binary;
using System.Text;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Silo.Frames;

/// <summary>
/// Identities seen lately, found by their UTF-8 spelling, so that the same GPU does not cost a string and a check every second.
/// Bounded: a slot holds one identity and the next that falls on it takes its place. Safe without a lock because entries are immutable.
/// </summary>
internal sealed class GpuIdCache
{
    private const int Slots = 1 << 16;
    private readonly Entry?[] _entries = new Entry?[Slots];

    /// <summary>The identity with this spelling, or false when it is none.</summary>
    public bool TryGet(ReadOnlySpan<byte> utf8, out GpuId id)
    {
        ref var slot = ref _entries[Hash(utf8) & (Slots - 1)];
        var entry = Volatile.Read(ref slot);
        if (entry is not null && utf8.SequenceEqual(entry.Utf8))
        {
            id = entry.Id;
            return true;
        }

        if (utf8.Length > GpuId.MaxLength || !GpuId.TryParse(Encoding.UTF8.GetString(utf8), out id))
        {
            id = default;
            return false;
        }

        Volatile.Write(ref slot, new Entry(utf8.ToArray(), id));
        return true;
    }

    // Collisions cost a parse and nothing else, so a few multiplications are enough.
    private static ulong Hash(ReadOnlySpan<byte> utf8)
    {
        const ulong odd = 0x9E3779B97F4A7C15;
        var hash = (ulong)utf8.Length * odd;
        while (utf8.Length >= 8)
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(utf8)) * odd;
            hash ^= hash >> 32;
            utf8 = utf8[8..];
        }

        foreach (var unit in utf8)
        {
            hash = (hash ^ unit) * odd;
        }

        return hash >> 40;
    }

    private sealed record Entry(byte[] Utf8, GpuId Id);
}
