using EnergyTTT.Routing.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Models;

/// <summary>Products of tokens sorted by expert with each expert's own matrix, in one operation whose cost follows the number of experts that have a token.</summary>
internal static class GroupedProduct
{
    private static readonly Lazy<jit.CompilationUnit> Unit = new(() =>
    {
        TorchLibrary.Load();
        return jit.compile("""
            def grouped(x: Tensor, w: Tensor, offsets: Tensor) -> Tensor:
                return torch._grouped_mm(x, w, offsets)

            def norm(x: Tensor, w: Tensor) -> Tensor:
                return torch.rms_norm(x, [x.size(-1)], w, 1e-05)

            """);
    });

    /// <summary>Compiles, so that nothing has to be loaded later.</summary>
    public static void Load() => _ = Unit.Value;

    /// <summary><c>y_i = x_i w_e(i)</c>.</summary>
    /// <param name="x">[rows, in], sorted by expert.</param>
    /// <param name="w">[experts, in, out].</param>
    /// <param name="offsets">[experts] int32: rows up to and with each expert.</param>
    /// <returns>[rows, out].</returns>
    public static Tensor Of(Tensor x, Tensor w, Tensor offsets) => (Tensor)Unit.Value.invoke("grouped", x, w, offsets);

    /// <summary>RMSNorm over the last dimension in one operation, for decoding; epsilon as in training.</summary>
    public static Tensor Norm(Tensor x, Tensor w) => (Tensor)Unit.Value.invoke("norm", x, w);
}
