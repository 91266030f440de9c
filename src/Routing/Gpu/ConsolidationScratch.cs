using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.Gpu;

/// <summary>Device memory through which the blocks of one consolidation talk to each other. The kernel leaves the two counters as it found them, at 0.</summary>
internal sealed class ConsolidationScratch : IDisposable
{
    /// <summary>The number of arrays.</summary>
    public const int Count = 9;

    private readonly Tensor[] _arrays;

    public ConsolidationScratch(int experts, int tokens)
    {
        Tokens = tokens;
        var cells = (long)experts * tokens;

        // Shares, ranks, order, scores, sets, masses, units; demand per expert and blocks arrived.
        _arrays =
        [
            Zeros(cells, ScalarType.Int32), Zeros(cells, ScalarType.Byte), Zeros(cells, ScalarType.Byte), Zeros(cells, ScalarType.Float32),
            Zeros(((experts + 31L) / 32) * tokens, ScalarType.Int32), Zeros(tokens, ScalarType.Float64), Zeros(tokens, ScalarType.Int32),
            Zeros(experts, ScalarType.Int64), Zeros(1, ScalarType.Int32),
        ];
        Addresses = [.. _arrays.Select(array => TensorAddress.Of(array, array.dtype, array.numel(), "scratch"))];
    }

    /// <summary>The tokens that there is room for.</summary>
    public int Tokens { get; }

    /// <summary>Where the arrays lie, in the order of the kernel's parameters.</summary>
    public nint[] Addresses { get; }

    public void Dispose()
    {
        foreach (var array in _arrays)
        {
            array.Dispose();
        }
    }

    // Detached: it outlives whatever dispose scope the caller has open.
    private static Tensor Zeros(long count, ScalarType type) => zeros([count], type, CUDA).DetachFromDisposeScope();
}
