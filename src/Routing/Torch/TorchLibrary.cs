using System.Runtime.InteropServices;

namespace EnergyTTT.Routing.Torch;

/// <summary>
/// The libtorch that this process has loaded. <see cref="Load"/> must come before the first call of TorchSharp; every type of this room that
/// touches a tensor sees to it, and calling it again costs nothing.
/// </summary>
/// <param name="Folder">Folder of libtorch, and which rule found it.</param>
/// <param name="Repaired">Whether TorchSharp's library was loaded from a repaired copy (older libstdc++).</param>
/// <param name="CudaLoaded">Whether the CUDA half was loaded. That a GPU is there is another question: <c>torch.cuda.is_available()</c>.</param>
/// <param name="CudaProblem">Why the CUDA half that lies there could not be loaded; <see langword="null"/> if it was, or if there is none.</param>
public sealed record TorchLibrary(TorchFolder Folder, bool Repaired, bool CudaLoaded, string? CudaProblem)
{
    private static readonly Lazy<TorchLibrary> Loaded = new(() => LoadFrom(TorchSearch.OfThisProcess().Find()));

    /// <summary>Finds and loads libtorch once per process. Safe from any thread.</summary>
    /// <exception cref="DllNotFoundException">No libtorch fits; the message lists what was tried and the ways out.</exception>
    public static TorchLibrary Load() => Loaded.Value;

    private static TorchLibrary LoadFrom(TorchFolder folder)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            throw new PlatformNotSupportedException($"EnergyTTT learns on linux-x64; this is {RuntimeInformation.RuntimeIdentifier}. Selection works everywhere.");

        // Loaded by full path first, so that every later look-up by name (TorchSharp's, or of one library by another) finds the one in memory.
        var (cuda, problem) = (folder.HasCuda, (string?)null);
        foreach (var name in TorchFolder.LoadOrder)
        {
            var isCuda = name.Contains("cuda", StringComparison.Ordinal);
            if (isCuda && !cuda)
                continue;
            try
            {
                NativeLibrary.Load(Path.Combine(folder.Path, name));
            }
            catch (DllNotFoundException missing) when (isCuda)
            {
                (cuda, problem) = (false, missing.Message); // A GPU build on a machine without the driver still computes on the CPU.
            }
        }

        var (bridge, repaired) = TorchBridge.Prepare();
        NativeLibrary.Load(bridge);
        TorchSharp.torch.InitializeDeviceType(TorchSharp.DeviceType.CPU);
        return new(folder, repaired, cuda, problem);
    }
}
