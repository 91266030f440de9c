using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Grains.Routers;

/// <summary>How routers learn and remember.</summary>
public sealed class RouterOptions
{
    /// <summary>Updates after which a snapshot is taken. 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int SnapshotUpdates { get; set; } = 50;

    /// <summary>Time after which a snapshot is taken when anything was learned.</summary>
    public TimeSpan SnapshotInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Rows of gate logits that wait for one look of the learner at most. 16 to 4,096.</summary>
    [Range(16, 4096)]
    public int PendingRows { get; set; } = 128;

    /// <summary>Chunks of usage history that a router begins with when it comes back. 0 to 1,000.</summary>
    [Range(0, 1000)]
    public int RememberedChunks { get; set; } = 100;
}
