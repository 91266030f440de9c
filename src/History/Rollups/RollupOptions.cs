namespace EnergyTTT.History.Rollups;

/// <summary>When roll-ups are made.</summary>
public sealed class RollupOptions
{
    /// <summary>How often; at least 100 ms.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its end a minute is rolled up, so that frames that are on their way are in it at once. Later ones roll it up again.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Greatest number of minutes in one transaction; 1 or more.</summary>
    public int MinutesPerTransaction { get; set; } = 10;
}
