using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Frames;

/// <summary>A frame with the short keys under which it is stored.</summary>
internal readonly record struct FrameRow(Frame Frame, int GpuId, int BootId, DateTimeOffset Received)
{
    /// <summary>The primary key of the row.</summary>
    public FrameKey Key => new(GpuId, Frame.Time.UtcTicks / TimeSpan.TicksPerMicrosecond, BootId, Frame.Sequence);
}

/// <summary>The identity of a stored frame. Time is in microseconds since year 1, the precision that PostgreSQL keeps.</summary>
internal readonly record struct FrameKey(int GpuId, long Microseconds, int BootId, long Sequence);
