using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.History.Deployments;

/// <summary>How feedback is written.</summary>
public sealed class FeedbackOptions
{
    /// <summary>Chunks that may wait for the database; one more is refused with "try again". 1 to 100,000.</summary>
    [Range(1, 100_000)]
    public int QueueCapacity { get; set; } = 2048;

    /// <summary>Chunks that one transaction takes at most. 1 to 4,096.</summary>
    [Range(1, 4096)]
    public int GroupSize { get; set; } = 128;

    /// <summary>How long usage history is kept.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);
}
