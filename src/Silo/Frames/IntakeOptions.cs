using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Silo.Frames;

/// <summary>Bounds of the telemetry intake; section <c>Intake</c> of the configuration.</summary>
public sealed class IntakeOptions
{
    /// <summary>Frames of one batch at most; 1 to 100,000.</summary>
    [Range(1, 100_000)]
    public int MostFrames { get; set; } = 8_192;

    /// <summary>Bytes of one body at most, after unpacking; 64 KiB to 64 MiB.</summary>
    [Range(64 << 10, 64 << 20)]
    public int MostBytes { get; set; } = 8 << 20;

    /// <summary>How far ahead of the server's clock a frame may be; beyond it, it is quarantined.</summary>
    public TimeSpan MostAhead { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many batches may be read and written at one time; the next is answered 429. Bounds the memory of the intake.</summary>
    [Range(1, 100_000)]
    public int MostAtOnce { get; set; } = 4_096;

    /// <summary>How many quarantined frames are kept to be looked at; older ones give way.</summary>
    [Range(0, 100_000)]
    public int QuarantineKept { get; set; } = 1_000;
}
