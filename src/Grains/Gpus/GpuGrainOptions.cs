using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Grains.Gpus;

/// <summary>How much of the past a GPU's grain keeps at hand, and how often it writes what must outlive it.</summary>
public sealed class GpuGrainOptions
{
    /// <summary>How far the window reaches back from its newest sample; 10 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// How often the memory is written while frames come. 10,000 GPUs write 33 small rows a second at the default: little beside
    /// 10,000 frames. 10 s to 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan WriteInterval { get; set; } = TimeSpan.FromMinutes(5);
}
