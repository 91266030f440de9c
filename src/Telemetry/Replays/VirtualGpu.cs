using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Replays;

/// <summary>One virtual GPU: the recorded trace, begun at another second and played in a loop.</summary>
/// <param name="Gpu">Its identity, <c>GPU-replay-...</c>.</param>
/// <param name="Shift">The recorded second that it begins with.</param>
public sealed record VirtualGpu(GpuId Gpu, int Shift)
{
    /// <summary>
    /// The frame number <paramref name="sequence"/> of this GPU. Frames carry joules of their own second and not a counter, so that going round from
    /// the end of the trace to its begin makes no jump.
    /// </summary>
    /// <param name="speed">Recorded seconds per frame, above 0.</param>
    /// <param name="time">The end of the frame.</param>
    public Frame Frame(RecordedTrace trace, long sequence, double speed, DateTimeOffset time)
    {
        var second = (Shift + (long)(sequence * speed)) % trace.Frames.Count;
        return trace.Frames[(int)second] with { Gpu = Gpu, Sequence = sequence, Time = time };
    }
}
