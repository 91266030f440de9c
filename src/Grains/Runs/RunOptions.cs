using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Grains.Runs;

/// <summary>How long a recorder of a run may be silent.</summary>
public sealed class RunOptions
{
    /// <summary>After how long a silence a run is recorded as aborted; recorders beat every 15 s. 1 s to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(90);
}
