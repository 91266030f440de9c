using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.History.Frames;

/// <summary>How the frame writer groups and bounds its work.</summary>
public sealed class FrameWriterOptions
{
    /// <summary>Greatest number of rows in one commit; a call with more frames than this is committed alone. 1 to 100,000.</summary>
    [Range(1, 100_000)]
    public int RowsPerCommit { get; set; } = 4096;

    /// <summary>Greatest number of frames waiting or being written; beyond it callers are told to come back. 1 to 10,000,000.</summary>
    [Range(1, 10_000_000)]
    public int QueueFrames { get; set; } = 65_536;

    /// <summary>Connections that write at the same time, so that one can fill its buffer while another waits for the disk. 1 to 16.</summary>
    [Range(1, 16)]
    public int Connections { get; set; } = 2;

    /// <summary>The wait that a refused caller is told when the queue is full.</summary>
    public TimeSpan RetryAfterFull { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The wait that a refused caller is told while the database is away.</summary>
    public TimeSpan RetryAfterAway { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often a database that is away is tried again.</summary>
    public TimeSpan ReconnectInterval { get; set; } = TimeSpan.FromMilliseconds(250);
}
