using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Grains.Gpus;

/// <summary>How much of the past a GPU's grain keeps at hand.</summary>
public sealed class GpuGrainOptions
{
    /// <summary>How far the window reaches back from its newest sample; 10 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(120);
}
