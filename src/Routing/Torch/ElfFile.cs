using System.Buffers.Binary;
using System.Text;

namespace EnergyTTT.Routing.Torch;

/// <summary>The sections of a 64-bit little-endian ELF file that dynamic linking reads, over bytes that may be edited in place.</summary>
internal sealed class ElfFile
{
    private const uint DynamicSymbols = 11, VersionNeeds = 0x6ffffffe, VersionSymbols = 0x6fffffff;

    private readonly byte[] _bytes;

    /// <exception cref="BadImageFormatException">Not such a file, or a section of dynamic linking is missing or out of bounds.</exception>
    public ElfFile(byte[] bytes)
    {
        _bytes = bytes;
        if (bytes.Length < 64 || !bytes.AsSpan(0, 6).SequenceEqual((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
            throw new BadImageFormatException("not a 64-bit little-endian ELF file");

        Symbols = Find(DynamicSymbols);
        Strings = Header(Symbols.Link);
        Versions = Find(VersionSymbols);
        Needs = Find(VersionNeeds);
    }

    public Section Symbols { get; }

    public Section Strings { get; }

    public Section Versions { get; }

    public Section Needs { get; }

    public int SymbolCount => Symbols.Size / 24;

    public uint SymbolName(int symbol) => UInt32(Symbols.Offset + (24 * symbol));

    public bool IsUndefined(int symbol) => UInt16(Symbols.Offset + (24 * symbol) + 6) == 0;

    public ushort SymbolVersion(int symbol) => UInt16(Versions.Offset + (2 * symbol));

    public void Rename(int symbol, uint name, ushort version)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(Symbols.Offset + (24 * symbol)), name);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(Versions.Offset + (2 * symbol)), version);
    }

    /// <summary>Index of the undefined symbol of that name, or -1.</summary>
    public int Import(string name)
    {
        for (var symbol = 1; symbol < SymbolCount; symbol++)
        {
            if (IsUndefined(symbol) && TextIs(SymbolName(symbol), name))
                return symbol;
        }

        return -1;
    }

    /// <summary>File offset of the needed version (Vernaux) of that name, or -1.</summary>
    public int NeededVersion(string name)
    {
        for (int need = Needs.Offset, end = Needs.Offset + Needs.Size; need < end;)
        {
            int count = UInt16(need + 2), entry = need + (int)UInt32(need + 8), next = (int)UInt32(need + 12);
            for (var i = 0; i < count; i++)
            {
                if (TextIs(UInt32(entry + 8), name))
                    return entry;
                entry += (int)UInt32(entry + 12);
            }

            if (next == 0)
                break;
            need += next;
        }

        return -1;
    }

    /// <summary>Flags of a needed version; bit 1 (VER_FLG_WEAK) tells the loader not to insist on it.</summary>
    public ushort NeededVersionFlags(int entry) => UInt16(entry + 4);

    public ushort NeededVersionIndex(int entry) => UInt16(entry + 6);

    public void SetNeededVersionFlags(int entry, ushort flags) => BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(entry + 4), flags);

    private bool TextIs(uint offset, string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var at = Strings.Offset + (int)offset;
        return at + bytes.Length < _bytes.Length && _bytes.AsSpan(at, bytes.Length).SequenceEqual(bytes) && _bytes[at + bytes.Length] == 0;
    }

    private Section Find(uint type)
    {
        for (var i = 0; i < UInt16(60); i++)
        {
            var section = Header(i);
            if (section.Type == type)
                return section;
        }

        throw new BadImageFormatException($"the ELF file has no section of type 0x{type:x}");
    }

    private Section Header(int index)
    {
        var at = checked((long)UInt64(40) + (index * 64L));
        if (at < 0 || at + 64 > _bytes.Length)
            throw new BadImageFormatException($"section header {index} of the ELF file is out of bounds");
        var header = (int)at;
        ulong offset = UInt64(header + 24), size = UInt64(header + 32);
        var type = UInt32(header + 4);
        if (type != 8 && (offset > (ulong)_bytes.Length || size > (ulong)_bytes.Length - offset)) // 8 = NOBITS, which has no bytes in the file.
            throw new BadImageFormatException($"section {index} of the ELF file is out of bounds");
        return new(type, (int)offset, (int)size, (int)UInt32(header + 40));
    }

    private ushort UInt16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(at));

    private uint UInt32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(at));

    private ulong UInt64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(at));

    /// <summary>Where a section lies in the file (bytes), its type, and the index of the section it refers to.</summary>
    internal readonly record struct Section(uint Type, int Offset, int Size, int Link);
}
