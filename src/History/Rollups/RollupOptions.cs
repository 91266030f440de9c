namespace EnergyTTT.History.Rollups;

/// <summary>When roll-ups are made.</summary>
public sealed class RollupOptions
{
    /// <summary>How often; at least 100 ms.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its end a minute is rolled up, so that frames that are on their way are in it at once. Later ones roll it up again.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long frames must have stopped coming for a minute that was complete before it is rolled up again. Agents that catch up after an
    /// outage fill a minute over many rounds; 0 rolls it up in each of them.
    /// </summary>
    public TimeSpan LateQuiet { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest that a minute waits for that quiet.</summary>
    public TimeSpan LateMost { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Greatest number of minutes in one transaction; 1 or more.</summary>
    public int MinutesPerTransaction { get; set; } = 10;
}
