namespace EnergyTTT.Routing.Torch;

/// <summary>One folder that may hold libtorch, and why it is a candidate.</summary>
/// <param name="Path">Absolute path; the folder need not exist.</param>
public sealed record TorchFolder(string Path, TorchSource Source)
{
    /// <summary>What every libtorch has; the CUDA libraries come on top.</summary>
    internal static readonly string[] Needed = ["libc10.so", "libtorch_cpu.so", "libtorch.so"];

    /// <summary>The libraries in the order in which they must be loaded: each after those it needs.</summary>
    internal static readonly string[] LoadOrder = ["libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"];

    /// <summary>Whether the folder holds the CUDA half as well.</summary>
    public bool HasCuda => File.Exists(System.IO.Path.Combine(Path, "libtorch_cuda.so"));

    /// <summary>The first needed file that is not there, or <see langword="null"/> if the folder fits.</summary>
    public string? Missing() => Array.Find(Needed, name => !File.Exists(System.IO.Path.Combine(Path, name)));
}
