namespace EnergyTTT.Routing.Torch;

/// <summary>Where libtorch was found. The order of the members is the order of the search.</summary>
public enum TorchSource
{
    /// <summary>The folder that the environment variable <c>ENERGYTTT_LIBTORCH</c> names. If it is set, nothing else is tried.</summary>
    Setting,

    /// <summary>The folder of the published product: <c>libtorch/</c> in it, the folder itself, or its <c>runtimes/linux-x64/native</c>.</summary>
    Published,

    /// <summary>The NuGet package that this build was restored with.</summary>
    Package,

    /// <summary>The PyTorch of the machine's <c>python3</c>.</summary>
    Python,
}
