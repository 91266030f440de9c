namespace EnergyTTT.History.Frames;

/// <summary>What the frame writer remembers of one database between groups.</summary>
internal sealed class FrameMemory
{
    public FrameDictionary Dictionary { get; } = new();

    public FrameDays Days { get; } = new();
}
