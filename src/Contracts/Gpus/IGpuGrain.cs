using Orleans.Concurrency;

namespace EnergyTTT.Contracts.Gpus;

/// <summary>
/// One GPU: its latest state, its recent window and its thermal outlook. Key: <c>gpu/UUID</c> (<see cref="Wire.Gpus.GpuId.GrainKey"/>).
/// Called by the telemetry intake with frames that PostgreSQL has already committed, and by whoever asks for the window.
/// No order is assumed. A call may be lost or repeated: the durable record is the history, and the grain knows a frame that it has seen.
/// </summary>
[GrainInterfaceType("gpu")]
public interface IGpuGrain : IGrainWithStringKey
{
    /// <summary>Takes committed frames into the window. A frame seen before, or older than the window, changes neither window nor latest state.</summary>
    [Alias("record")]
    Task Record(GpuFrames frames, CancellationToken cancellationToken = default);

    /// <summary>The latest known state, or null when no frame ever came.</summary>
    [Alias("latest"), ReadOnly]
    Task<GpuState?> Latest(CancellationToken cancellationToken = default);

    /// <summary>What is kept of the recent past.</summary>
    [Alias("window"), ReadOnly]
    Task<GpuWindow> Window(CancellationToken cancellationToken = default);
}
