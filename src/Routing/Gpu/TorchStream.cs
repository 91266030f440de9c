using System.Runtime.InteropServices;
using EnergyTTT.Routing.Torch;

namespace EnergyTTT.Routing.Gpu;

/// <summary>A side stream of torch. TorchSharp binds no streams; libtorch exports them under their C++ names, which are looked up at run time.</summary>
/// <remarks>The current stream belongs to a thread: call <see cref="Enter"/> wherever work may have moved to another one.</remarks>
internal sealed unsafe class TorchStream
{
    private readonly Raw _stream;
    private readonly delegate* unmanaged<Raw, void> _set;

    private TorchStream(Raw stream, nint handle, nint set)
    {
        (_stream, Handle) = (stream, handle);
        _set = (delegate* unmanaged<Raw, void>)set;
    }

    /// <summary>The driver's handle of the stream.</summary>
    public nint Handle { get; }

    /// <summary>A stream of torch's pool; null where this libtorch does not export what is needed.</summary>
    public static TorchStream? TryMake(int device)
    {
        if (!NativeLibrary.TryLoad(Path.Combine(TorchLibrary.Load().Folder.Path, "libc10_cuda.so"), out var library)
            || !NativeLibrary.TryGetExport(library, "_ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE", out var set)
            || !NativeLibrary.TryGetExport(library, "_ZNK3c104cuda10CUDAStream6streamEv", out var handleOf))
        {
            return null;
        }

        Raw made;
        if (NativeLibrary.TryGetExport(library, "_ZN3c104cuda17getStreamFromPoolEba", out var byFlag))
        {
            made = ((delegate* unmanaged<byte, sbyte, Raw>)byFlag)(0, (sbyte)device);
        }
        else if (NativeLibrary.TryGetExport(library, "_ZN3c104cuda17getStreamFromPoolEia", out var byPriority))
        {
            made = ((delegate* unmanaged<int, sbyte, Raw>)byPriority)(0, (sbyte)device);
        }
        else
        {
            return null;
        }

        return new(made, ((delegate* unmanaged<Raw*, nint>)handleOf)(&made), set);
    }

    /// <summary>Makes it the stream of this thread.</summary>
    public void Enter() => _set(_stream);

    /// <summary>c10::cuda::CUDAStream: a device (two bytes, padded) and a number.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Raw
    {
        public long Device;
        public long Id;
    }
}
