using EnergyTTT.Routing.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.Tests.Torch;

public sealed class TorchLibraryTests
{
    [Fact]
    public void Torch_loads_on_this_machine_and_multiplies()
    {
        var library = TorchLibrary.Load();

        using var scope = NewDisposeScope();
        var product = tensor(new float[] { 1, 2, 3, 4 }).reshape(2, 2).mm(tensor(new float[] { 1, 0, 1, 1 }).reshape(2, 2));
        Assert.Equal([3f, 2f, 7f, 4f], product.data<float>().ToArray());
        Assert.Null(library.Folder.Missing());
        Assert.Same(library, TorchLibrary.Load());
    }

    [Fact]
    public void The_copy_is_repaired_exactly_where_the_machine_needs_it()
    {
        Assert.Equal(TorchBridge.MachineNeedsRepair(), TorchLibrary.Load().Repaired);
    }

    [Fact]
    public void Libtorch_is_not_copied_into_the_output_of_a_build()
    {
        var copies = Directory.GetFiles(AppContext.BaseDirectory, "libtorch*", SearchOption.AllDirectories);

        Assert.Empty(copies);
    }
}
