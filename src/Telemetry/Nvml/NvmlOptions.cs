using EnergyTTT.Telemetry.Sources;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>How the GPUs of this host are read.</summary>
public sealed record NvmlOptions
{
    /// <summary>Where this host stands.</summary>
    public required HostPlace Place { get; init; }

    /// <summary>The run within which sequences count up: a new one for each start.</summary>
    public required string Boot { get; init; }

    /// <summary>The name under which the driver installs its library: the plain <c>.so</c> comes with development packages only.</summary>
    public static string DefaultLibrary => OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";

    /// <summary>The library, by name or path.</summary>
    public string LibraryPath { get; init; } = DefaultLibrary;

    /// <summary>How often energy and power are read; default 10 Hz. The rest is read once a second.</summary>
    public TimeSpan SampleEvery { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long sensors are watched for their tick when cards are opened; default 1.2 s, 0 leaves ticks unknown.</summary>
    public TimeSpan WatchTicksFor { get; init; } = TimeSpan.FromSeconds(1.2);
}
