using EnergyTTT.Routing.Gpu;
using EnergyTTT.Selection.Gates;
using TorchSharp;

namespace EnergyTTT.Experiments.Devices;

/// <summary>One queue of a GPU on which torch and our kernels work, so that a step of both can be recorded as one graph.</summary>
internal sealed class CudaQueue : IDisposable
{
    private readonly TorchStream? _stream;

    /// <summary>Compiles the kernels of a gate and takes a stream.</summary>
    /// <exception cref="NotSupportedException">There is no such device, or libtorch has no CUDA half.</exception>
    public CudaQueue(SelectorShape shape)
    {
        Selector = new(shape);
        _stream = TorchStream.TryMake(0);
        Selector.Driver.Stream = _stream?.Handle ?? 0;
        Enter();
    }

    /// <summary>The kernels.</summary>
    public GpuSelector Selector { get; }

    /// <summary>Whether steps can be recorded once and replayed.</summary>
    public bool HasGraphs => _stream is not null && TorchGraph.IsKnown;

    /// <summary>Makes the queue that of this thread: after every await, since work may have moved.</summary>
    public void Enter()
    {
        Selector.Driver.Enter();
        _stream?.Enter();
    }

    /// <summary>Waits for all work.</summary>
    public static void Wait() => torch.cuda.synchronize();

    public void Dispose() => Selector.Dispose();
}
