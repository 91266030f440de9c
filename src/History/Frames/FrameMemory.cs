using EnergyTTT.History.Seals;

namespace EnergyTTT.History.Frames;

/// <summary>What the frame writer remembers of one database between groups.</summary>
internal sealed class FrameMemory
{
    public FrameDictionary Dictionary { get; } = new();

    public FrameDays Days { get; } = new();

    /// <summary>The newest border of sealing that was seen: frames before it are compared with sealed ones.</summary>
    public SealBorder Border { get; } = new();
}
