using System.Runtime.InteropServices;
using EnergyTTT.Routing.Torch;

namespace EnergyTTT.Routing.Gpu;

/// <summary>
/// A CUDA graph with memory of its own, recorded from whatever torch and our kernels put on the current stream, and replayed with one launch. It is libtorch's own class, reached by its C++ names:
/// decoding step by step would otherwise wait for the host at every small operation.
/// </summary>
/// <remarks>An error inside libtorch ends the process: no exception crosses this seam. One thread at a time.</remarks>
internal sealed unsafe class TorchGraph : IDisposable
{
    // at::cuda::CUDAGraph takes a few hundred bytes; its size is not exported.
    private const int ObjectBytes = 16 * 1024;
    private const int OnlyThisThread = 1;
    private static readonly Lazy<Entries?> Found = new(Find);
    private byte* _object;

    public TorchGraph()
    {
        var entries = Found.Value ?? throw new NotSupportedException("this libtorch does not export at::cuda::CUDAGraph as it is known here: decode without graphs");
        _object = (byte*)NativeMemory.AlignedAlloc(ObjectBytes, 64);
        NativeMemory.Clear(_object, ObjectBytes);
        ((delegate* unmanaged<byte*, byte, void>)entries.Construct)(_object, 0);
    }

    /// <summary>Whether this libtorch has what is needed.</summary>
    public static bool IsKnown => Found.Value is not null;

    /// <summary>Records what an action puts on the current stream, which must not be the default one. Nothing of it is carried out.</summary>
    public void Record(Action action)
    {
        var entries = Found.Value!; // the constructor has seen to it
        ((delegate* unmanaged<byte*, Pool, int, void>)entries.Begin)(_object, default, OnlyThisThread);
        try
        {
            action();
        }
        finally
        {
            ((delegate* unmanaged<byte*, void>)entries.End)(_object);
        }
    }

    /// <summary>Carries the recording out once, on the current stream.</summary>
    public void Replay() => ((delegate* unmanaged<byte*, void>)Found.Value!.Replay)(_object); // as above

    public void Dispose()
    {
        if (_object is not null)
        {
            ((delegate* unmanaged<byte*, void>)Found.Value!.Destroy)(_object); // as above
            NativeMemory.AlignedFree(_object);
            _object = null;
        }
    }

    private static Entries? Find()
    {
        if (!NativeLibrary.TryLoad(Path.Combine(TorchLibrary.Load().Folder.Path, "libtorch_cuda.so"), out var library))
        {
            return null;
        }

        nint Of(params string[] names)
        {
            foreach (var name in names)
            {
                if (NativeLibrary.TryGetExport(library, name, out var entry))
                {
                    return entry;
                }
            }

            return 0;
        }

        Entries entries = new(
            Of("_ZN2at4cuda9CUDAGraphC1Eb", "_ZN2at4cuda9CUDAGraphC2Eb", "_ZN2at4cuda9CUDAGraphC1Ev", "_ZN2at4cuda9CUDAGraphC2Ev"), Of("_ZN2at4cuda9CUDAGraphD1Ev", "_ZN2at4cuda9CUDAGraphD2Ev"),
            Of("_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode"), Of("_ZN2at4cuda9CUDAGraph11capture_endEv"), Of("_ZN2at4cuda9CUDAGraph6replayEv"));
        return entries is { Construct: not 0, Destroy: not 0, Begin: not 0, End: not 0, Replay: not 0 } ? entries : null;
    }

    private sealed record Entries(nint Construct, nint Destroy, nint Begin, nint End, nint Replay);

    /// <summary>c10::MempoolId_t: zero asks for a pool of its own.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Pool
    {
        public ulong First;
        public ulong Second;
    }
}
