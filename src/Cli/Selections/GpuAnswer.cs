using EnergyTTT.Selection.Gates;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Cli.Selections;

/// <summary>Room for the answer of the kernels on the device.</summary>
internal sealed class GpuAnswer(int tokens, SelectorShape shape) : IDisposable
{
    public Tensor Experts { get; } = full([tokens, shape.TopK], -2, ScalarType.Int32, CUDA);

    public Tensor Weights { get; } = full([tokens, shape.TopK], float.NaN, ScalarType.Float32, CUDA);

    public Tensor Retained { get; } = full([tokens], float.NaN, ScalarType.Float32, CUDA);

    public void Dispose()
    {
        Experts.Dispose();
        Weights.Dispose();
        Retained.Dispose();
    }
}
