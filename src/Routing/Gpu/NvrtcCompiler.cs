using System.Runtime.InteropServices;
using System.Text;

namespace EnergyTTT.Routing.Gpu;

/// <summary>NVIDIA's run-time compiler: CUDA source in, machine code of one architecture out. It comes with PyTorch, so nothing has to be installed.</summary>
internal sealed unsafe class NvrtcCompiler
{
    private static readonly string[] Names = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"];
    private readonly nint _library;

    private NvrtcCompiler(nint library) => _library = library;

    /// <summary>Finds the compiler beside libtorch, in the CUDA folders, or wherever the loader looks.</summary>
    /// <param name="libtorchFolder">The folder of libtorch; PyTorch keeps NVIDIA's libraries two folders above, under <c>nvidia</c>.</param>
    /// <exception cref="DllNotFoundException">It lies nowhere; the message lists where it was looked for.</exception>
    public static NvrtcCompiler Load(string libtorchFolder)
    {
        var packages = Path.GetFullPath(Path.Combine(libtorchFolder, "..", ".."));
        string[] folders =
        [
            libtorchFolder, Path.Combine(packages, "nvidia", "cu13", "lib"), Path.Combine(packages, "nvidia", "cuda_nvrtc", "lib"), "/usr/local/cuda/lib64", string.Empty,
        ];
        foreach (var folder in folders)
        {
            foreach (var name in Names)
            {
                var path = Path.Combine(folder, name);
                if ((folder.Length == 0 || File.Exists(path)) && NativeLibrary.TryLoad(path, out var library))
                {
                    return new(library);
                }
            }
        }

        throw new DllNotFoundException($"No NVRTC ({string.Join(", ", Names)}) in {string.Join(", ", folders[..^1])} nor on the loader's path. Install CUDA's nvrtc or PyTorch for CUDA, or select on the CPU.");
    }

    /// <summary>Compiles to machine code.</summary>
    /// <exception cref="InvalidOperationException">The source does not compile; the message is the compiler's log.</exception>
    public byte[] Compile(string source, string name, ReadOnlySpan<string> options)
    {
        nint program;
        var text = Encoding.UTF8.GetBytes(source + "\0");
        var title = Encoding.UTF8.GetBytes(name + "\0");
        fixed (byte* textStart = text)
        fixed (byte* titleStart = title)
        {
            var create = (delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)NativeLibrary.GetExport(_library, "nvrtcCreateProgram");
            Check(create(&program, textStart, titleStart, 0, null, null), "nvrtcCreateProgram");
        }

        try
        {
            var failed = Run(program, options);
            if (failed != 0)
            {
                throw new InvalidOperationException($"{name} does not compile (nvrtc {failed}):\n{Encoding.UTF8.GetString(Read(program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog"))}");
            }

            return Read(program, "nvrtcGetCUBINSize", "nvrtcGetCUBIN");
        }
        finally
        {
            ((delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(_library, "nvrtcDestroyProgram"))(&program);
        }
    }

    private int Run(nint program, ReadOnlySpan<string> options)
    {
        var pointers = stackalloc byte*[options.Length];
        try
        {
            for (var i = 0; i < options.Length; i++)
            {
                pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(options[i]);
            }

            return ((delegate* unmanaged<nint, int, byte**, int>)NativeLibrary.GetExport(_library, "nvrtcCompileProgram"))(program, options.Length, pointers);
        }
        finally
        {
            for (var i = 0; i < options.Length; i++)
            {
                Marshal.FreeCoTaskMem((nint)pointers[i]);
            }
        }
    }

    private byte[] Read(nint program, string sizeName, string readName)
    {
        nuint size;
        Check(((delegate* unmanaged<nint, nuint*, int>)NativeLibrary.GetExport(_library, sizeName))(program, &size), sizeName);
        var bytes = new byte[size];
        fixed (byte* start = bytes)
        {
            Check(((delegate* unmanaged<nint, byte*, int>)NativeLibrary.GetExport(_library, readName))(program, start), readName);
        }

        return bytes;
    }

    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"{call} failed with nvrtc result {result}.");
        }
    }
}
