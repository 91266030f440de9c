using System.Runtime.InteropServices;
using System.Text;

namespace EnergyTTT.Routing.Gpu;

/// <summary>The few calls of the CUDA driver that run a kernel of our own in the context that torch uses (the device's primary context).</summary>
internal sealed unsafe class CudaDriver
{
    private const int ComputeCapabilityMajor = 75;
    private const int ComputeCapabilityMinor = 76;
    private const int MaximumDynamicSharedBytes = 8;
    private readonly nint _library;
    private nint _context;
    private readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> _launch;

    private CudaDriver(nint library)
    {
        _library = library;
        _launch = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)NativeLibrary.GetExport(library, "cuLaunchKernel");
    }

    /// <summary>Opens the driver and makes the primary context of a device current on this thread.</summary>
    /// <exception cref="DllNotFoundException">There is no NVIDIA driver.</exception>
    public static CudaDriver Open(int device)
    {
        if (!NativeLibrary.TryLoad("libcuda.so.1", out var library))
        {
            throw new DllNotFoundException("libcuda.so.1 cannot be loaded: this machine has no NVIDIA driver. Select on the CPU.");
        }

        var driver = new CudaDriver(library);
        int handle;
        nint context;
        Check(((delegate* unmanaged<uint, int>)driver.Export("cuInit"))(0), "cuInit");
        Check(((delegate* unmanaged<int*, int, int>)driver.Export("cuDeviceGet"))(&handle, device), "cuDeviceGet");
        Check(((delegate* unmanaged<nint*, int, int>)driver.Export("cuDevicePrimaryCtxRetain"))(&context, handle), "cuDevicePrimaryCtxRetain");
        Check(((delegate* unmanaged<nint, int>)driver.Export("cuCtxSetCurrent"))(context), "cuCtxSetCurrent");
        driver._context = context;
        int major, minor;
        var attribute = (delegate* unmanaged<int*, int, int, int>)driver.Export("cuDeviceGetAttribute");
        Check(attribute(&major, ComputeCapabilityMajor, handle), "cuDeviceGetAttribute");
        Check(attribute(&minor, ComputeCapabilityMinor, handle), "cuDeviceGetAttribute");
        driver.Architecture = $"sm_{major}{minor}";

        return driver;
    }

    /// <summary>The architecture of the device, for example <c>sm_90</c>.</summary>
    public string Architecture { get; private set; } = string.Empty;

    /// <summary>Where kernels are put: a stream's handle, 0 for the default stream. It has to be the one that torch works on.</summary>
    public nint Stream { get; set; }

    /// <summary>Makes the context current on this thread: work may move from thread to thread.</summary>
    public void Enter() => Check(((delegate* unmanaged<nint, int>)Export("cuCtxSetCurrent"))(_context), "cuCtxSetCurrent");

    /// <summary>An event of the device.</summary>
    public nint CreateEvent()
    {
        nint made;
        Check(((delegate* unmanaged<nint*, uint, int>)Export("cuEventCreate"))(&made, 0), "cuEventCreate");
        return made;
    }

    /// <summary>Puts an event behind the work of the stream.</summary>
    public void Record(nint marker) => Check(((delegate* unmanaged<nint, nint, int>)Export("cuEventRecord"))(marker, Stream), "cuEventRecord");

    /// <summary>Waits until an event was passed.</summary>
    public void Wait(nint marker) => Check(((delegate* unmanaged<nint, int>)Export("cuEventSynchronize"))(marker), "cuEventSynchronize");

    /// <summary>Milliseconds of the device between two events that were passed.</summary>
    public double Between(nint from, nint to)
    {
        float milliseconds;
        Check(((delegate* unmanaged<float*, nint, nint, int>)Export("cuEventElapsedTime"))(&milliseconds, from, to), "cuEventElapsedTime");
        return milliseconds;
    }

    /// <summary>Loads machine code. The module lives as long as the context.</summary>
    public nint LoadModule(ReadOnlySpan<byte> image)
    {
        nint module;
        fixed (byte* start = image)
        {
            Check(((delegate* unmanaged<nint*, byte*, int>)Export("cuModuleLoadData"))(&module, start), "cuModuleLoadData");
        }

        return module;
    }

    /// <summary>A kernel of a module.</summary>
    public nint Function(nint module, string name)
    {
        nint function;
        var bytes = Encoding.UTF8.GetBytes(name + "\0");
        fixed (byte* start = bytes)
        {
            Check(((delegate* unmanaged<nint*, nint, byte*, int>)Export("cuModuleGetFunction"))(&function, module, start), "cuModuleGetFunction");
        }

        return function;
    }

    /// <summary>Puts a kernel on <see cref="Stream"/>, behind the work that torch has put there.</summary>
    public void Launch(nint function, int blocks, int threads, int sharedBytes, void** arguments) =>
        Check(_launch(function, (uint)blocks, 1, 1, (uint)threads, 1, 1, (uint)sharedBytes, Stream, arguments, null), "cuLaunchKernel");

    /// <summary>Lets a kernel ask for more dynamic shared memory than the 48 KB that need no leave.</summary>
    public void AllowSharedMemory(nint function, int bytes) =>
        Check(((delegate* unmanaged<nint, int, int, int>)Export("cuFuncSetAttribute"))(function, MaximumDynamicSharedBytes, bytes), "cuFuncSetAttribute");

    /// <summary>Waits for everything on <see cref="Stream"/>.</summary>
    public void Wait() => Check(((delegate* unmanaged<nint, int>)Export("cuStreamSynchronize"))(Stream), "cuStreamSynchronize");

    /// <summary>Seconds on the device between the first and the last of <paramref name="count"/> runs of an action, per run.</summary>
    public double SecondsOf(Action action, int count)
    {
        nint start, end;
        var create = (delegate* unmanaged<nint*, uint, int>)Export("cuEventCreate");
        var record = (delegate* unmanaged<nint, nint, int>)Export("cuEventRecord");
        Check(create(&start, 0), "cuEventCreate");
        Check(create(&end, 0), "cuEventCreate");
        Check(record(start, Stream), "cuEventRecord");
        for (var run = 0; run < count; run++)
        {
            action();
        }

        Check(record(end, Stream), "cuEventRecord");
        Wait();
        float milliseconds;
        Check(((delegate* unmanaged<float*, nint, nint, int>)Export("cuEventElapsedTime"))(&milliseconds, start, end), "cuEventElapsedTime");
        var destroy = (delegate* unmanaged<nint, int>)Export("cuEventDestroy_v2");
        Check(destroy(start), "cuEventDestroy");
        Check(destroy(end), "cuEventDestroy");

        return milliseconds / 1000.0 / count;
    }

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);

    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"{call} failed with CUDA driver result {result}.");
        }
    }
}
