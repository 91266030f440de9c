using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Grains.Fleet;

/// <summary>What the history knows of GPUs, as the state that their grains would publish: for the time after a restart, before they report again.</summary>
public interface IKnownGpus
{
    /// <summary>Every known GPU that has a frame in the history.</summary>
    Task<IReadOnlyList<GpuState>> All(CancellationToken cancellationToken);

    /// <summary>What a grain that wakes up starts from.</summary>
    Task<RememberedGpu> Remember(GpuId gpu, CancellationToken cancellationToken);
}

/// <summary>What the history says of a GPU.</summary>
/// <param name="State">Its state; null when the history has no frame of it.</param>
/// <param name="AsOf">Frames that the server received before this moment are in the state's energy.</param>
public readonly record struct RememberedGpu(GpuState? State, DateTimeOffset AsOf);
