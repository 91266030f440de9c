using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Portal.Fleets;

/// <summary>How the portal follows the fleet.</summary>
public sealed class FleetFeedOptions
{
    /// <summary>Time between two questions to the fleet grain; 0.2 to 10 s, 1 s by default: the grain makes one snapshot a second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:00:10")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Age from which a GPU's reading no longer counts as live; 2 s to 10 min, 10 s by default: ten frames missed.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait for one answer before the question counts as failed; 1 to 30 s, 5 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:30")]
    public TimeSpan AnswerWithin { get; set; } = TimeSpan.FromSeconds(5);
}
