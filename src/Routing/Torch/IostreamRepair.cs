namespace EnergyTTT.Routing.Torch;

/// <summary>
/// Makes a library that was built with GCC 13 loadable where libstdc++ is older (Debian 12, Ubuntu 22.04).
/// </summary>
/// <remarks>
/// GCC 13 moved the initialisation of iostreams into a function of libstdc++, <c>std::ios_base_library_init()</c>, and with it asks for the version
/// GLIBCXX_3.4.32. Older libstdc++ initialises iostreams in every object that includes them and needs no call. Three edits: the needed version
/// becomes weak, and the imported symbol takes name and version of <c>floor</c>, which the library imports anyway: called once without an
/// argument, its result is ignored. Source: ours, docs/decisions/0060.
/// </remarks>
internal static class IostreamRepair
{
    public const string Version = "GLIBCXX_3.4.32";
    public const string Symbol = "_ZSt21ios_base_library_initv";
    private const string Substitute = "floor";
    private const ushort Weak = 2;

    /// <summary>Whether the file asks for the version at all.</summary>
    public static bool Concerns(byte[] library)
    {
        var elf = new ElfFile(library);
        return elf.NeededVersion(Version) is var entry && entry >= 0 && (elf.NeededVersionFlags(entry) & Weak) == 0;
    }

    /// <summary>A repaired copy; the bytes given are left as they are.</summary>
    /// <exception cref="BadImageFormatException">Not an ELF file, no <c>floor</c> to stand in, or more than the one symbol needs the version.</exception>
    public static byte[] Repair(byte[] library)
    {
        var copy = (byte[])library.Clone();
        var elf = new ElfFile(copy);
        var needed = elf.NeededVersion(Version);
        int symbol = elf.Import(Symbol), substitute = elf.Import(Substitute);
        if (needed < 0 || symbol < 0 || substitute < 0)
            throw new BadImageFormatException($"the library does not import {Symbol} of {Version} and {Substitute}: nothing that this repair knows");

        var index = elf.NeededVersionIndex(needed);
        for (var other = 0; other < elf.SymbolCount; other++)
        {
            if (other != symbol && (elf.SymbolVersion(other) & 0x7fff) == index)
                throw new BadImageFormatException($"symbol {other} of the library needs {Version} as well: replacing {Symbol} alone would not do");
        }

        elf.SetNeededVersionFlags(needed, (ushort)(elf.NeededVersionFlags(needed) | Weak));
        elf.Rename(symbol, elf.SymbolName(substitute), elf.SymbolVersion(substitute));
        return copy;
    }
}
