using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Frames;

/// <summary>A batch as it was read: its envelope, the frames that could be read with their positions, and what was wrong with the others.</summary>
internal sealed class ReadBatch
{
    /// <summary>Why the batch as a whole cannot be taken; null when it can.</summary>
    public Problem? Problem { get; set; }

    public string? Source { get; set; }

    public string? Boot { get; set; }

    public string? Site { get; set; }

    public string? Rack { get; set; }

    public string? Host { get; set; }

    public DateTimeOffset? Sent { get; set; }

    public List<GpuDescription> Gpus { get; } = [];

    /// <summary>Frames that are good so far.</summary>
    public List<Frame> Frames { get; } = [];

    /// <summary>The position in the sender's list of each of <see cref="Frames"/>.</summary>
    public List<int> Positions { get; } = [];

    /// <summary>Refusals and remarks, in the order in which they were found.</summary>
    public List<RejectedItem> Remarks { get; } = [];

    /// <summary>Frames that were sent, good or not.</summary>
    public int Items { get; set; }

    /// <summary>The batch with its good frames, as the history takes it.</summary>
    public TelemetryBatch ToBatch() => new()
    {
        Source = Source!, // the reader refuses a batch without it
        Boot = Boot!, // likewise
        Site = Site,
        Rack = Rack,
        Host = Host!, // likewise
        Sent = Sent,
        Gpus = Gpus.Count == 0 ? null : Gpus,
        Frames = Frames,
    };
}
