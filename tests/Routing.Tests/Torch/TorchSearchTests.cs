using EnergyTTT.Routing.Torch;

namespace EnergyTTT.Routing.Tests.Torch;

public sealed class TorchSearchTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("energyttt-torch-search-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_setting_wins_over_everything_else()
    {
        var setting = Libtorch("setting");
        Libtorch("product/libtorch");

        var found = new TorchSearch(setting, At("product"), Libtorch("package"), () => Libtorch("python")).Find();

        Assert.Equal(new TorchFolder(setting, TorchSource.Setting), found);
    }

    [Fact]
    public void A_wrong_setting_is_said_and_not_replaced_by_another_torch()
    {
        Libtorch("product/libtorch");
        var asked = false;

        var refused = Assert.Throws<DllNotFoundException>(() => new TorchSearch(At("nowhere"), At("product"), Libtorch("package"), () =>
        {
            asked = true;
            return null;
        }).Find());

        Assert.Contains("ENERGYTTT_LIBTORCH: " + At("nowhere") + " (does not exist)", refused.Message, StringComparison.Ordinal);
        Assert.False(asked);
    }

    [Fact]
    public void The_published_folder_comes_before_the_package_and_the_package_before_python()
    {
        var (published, package, python) = (Libtorch("product/libtorch"), Libtorch("package"), Libtorch("python"));

        Assert.Equal(published, Find(At("product"), package, python).Path);
        Assert.Equal(package, Find(At("empty"), package, python).Path);
        Assert.Equal(new TorchFolder(python, TorchSource.Python), Find(At("empty"), At("gone"), python));
    }

    [Fact]
    public void A_self_contained_folder_with_the_libraries_beside_the_product_fits()
    {
        var flat = Libtorch("flat");

        Assert.Equal(new TorchFolder(flat, TorchSource.Published), Find(flat + "/", null, null));
    }

    [Fact]
    public void Nothing_that_fits_is_an_error_that_lists_every_candidate_its_lack_and_the_ways_out()
    {
        var half = Libtorch("package");
        File.Delete(Path.Combine(half, "libtorch_cpu.so"));

        var refused = Assert.Throws<DllNotFoundException>(() => Find(At("product"), half, null));

        Assert.Contains($"NuGet package: {half} (has no libtorch_cpu.so)", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"published folder: {At("product/libtorch")} (does not exist)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("PyTorch of python3: none answered", refused.Message, StringComparison.Ordinal);
        Assert.Contains("set ENERGYTTT_LIBTORCH", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cuda_is_seen_by_its_library()
    {
        var folder = Libtorch("cuda");

        Assert.False(new TorchFolder(folder, TorchSource.Setting).HasCuda);
        File.WriteAllText(Path.Combine(folder, "libtorch_cuda.so"), string.Empty);
        Assert.True(new TorchFolder(folder, TorchSource.Setting).HasCuda);
    }

    private static TorchFolder Find(string product, string? package, string? python) => new TorchSearch(null, product, package, () => python).Find();

    private string At(string path) => Path.Combine(_root, path);

    private string Libtorch(string path)
    {
        Directory.CreateDirectory(At(path));
        foreach (var name in TorchFolder.Needed)
            File.WriteAllText(Path.Combine(At(path), name), string.Empty);
        return At(path);
    }
}
