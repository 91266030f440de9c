using System.Text;
using EnergyTTT.Routing.Torch;

namespace EnergyTTT.Routing.Tests.Torch;

public sealed class IostreamRepairTests : IDisposable
{
    private static readonly byte[] Original = File.ReadAllBytes(TorchBridge.Find());
    private readonly string _cache = Directory.CreateTempSubdirectory("energyttt-repair-").FullName;

    public void Dispose() => Directory.Delete(_cache, recursive: true);

    [Fact]
    public void Exactly_the_flag_the_name_and_the_version_of_one_import_change()
    {
        var elf = new ElfFile(Original);
        var flags = elf.NeededVersion(IostreamRepair.Version) + 4;
        var symbol = elf.Import(IostreamRepair.Symbol);
        int name = elf.Symbols.Offset + (24 * symbol), version = elf.Versions.Offset + (2 * symbol);

        var repaired = IostreamRepair.Repair(Original);

        var changed = Enumerable.Range(0, Original.Length).Where(i => Original[i] != repaired[i]).ToArray();
        Assert.Equal(Original.Length, repaired.Length);
        Assert.NotEmpty(changed);
        Assert.All(changed, at => Assert.True(
            (at >= flags && at < flags + 2) || (at >= name && at < name + 4) || (at >= version && at < version + 2), $"byte {at:x} changed"));
        Assert.Contains(flags, changed);
        Assert.Contains(changed, at => at >= name && at < name + 4);
        Assert.Contains(changed, at => at >= version && at < version + 2);
    }

    [Fact]
    public void After_the_repair_the_version_is_weak_and_nothing_imports_the_function()
    {
        var repaired = IostreamRepair.Repair(Original);

        var elf = new ElfFile(repaired);
        var floor = elf.Import("floor");
        Assert.Equal(-1, elf.Import(IostreamRepair.Symbol));
        Assert.Equal(2, elf.NeededVersionFlags(elf.NeededVersion(IostreamRepair.Version)) & 2);
        Assert.Equal(2, Enumerable.Range(0, elf.SymbolCount).Count(s => elf.IsUndefined(s) && elf.SymbolName(s) == elf.SymbolName(floor) && elf.SymbolVersion(s) == elf.SymbolVersion(floor)));
        Assert.True(IostreamRepair.Concerns(Original));
        Assert.False(IostreamRepair.Concerns(repaired));
    }

    [Fact]
    public void The_original_bytes_are_left_alone()
    {
        var before = (byte[])Original.Clone();

        IostreamRepair.Repair(Original);

        Assert.Equal(before, Original);
    }

    [Fact]
    public void A_second_symbol_of_that_version_is_refused_because_one_substitute_would_not_do()
    {
        var library = (byte[])Original.Clone();
        var elf = new ElfFile(library);
        int symbol = elf.Import(IostreamRepair.Symbol), floor = elf.Import("floor");
        elf.Rename(floor, elf.SymbolName(floor), elf.SymbolVersion(symbol));

        var refused = Assert.Throws<BadImageFormatException>(() => IostreamRepair.Repair(library));

        Assert.Contains("needs GLIBCXX_3.4.32 as well", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MZ this is a file of another system, long enough to hold a header of sixty-four bytes or more")]
    public void What_is_not_such_a_library_is_refused(string content)
    {
        Assert.Throws<BadImageFormatException>(() => IostreamRepair.Repair(Encoding.ASCII.GetBytes(content)));
    }

    [Fact]
    public void A_file_cut_short_is_refused()
    {
        Assert.Throws<BadImageFormatException>(() => IostreamRepair.Repair(Original[..(Original.Length / 2)]));
    }

    [Fact]
    public void The_copy_is_written_once_and_rewritten_when_its_content_is_wrong()
    {
        var path = TorchBridge.RepairedCopy(TorchBridge.Find(), _cache);
        var written = File.GetLastWriteTimeUtc(path);
        Assert.Equal(path, TorchBridge.RepairedCopy(TorchBridge.Find(), _cache));
        Assert.Equal(written, File.GetLastWriteTimeUtc(path));

        File.WriteAllText(path, "torn");
        TorchBridge.RepairedCopy(TorchBridge.Find(), _cache);

        Assert.Equal(IostreamRepair.Repair(Original), File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(_cache, "*", SearchOption.AllDirectories));
    }
}
