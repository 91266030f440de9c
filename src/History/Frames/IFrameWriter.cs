using System.Collections.Immutable;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Frames;

/// <summary>Stores frames durably. Safe for any number of callers at once.</summary>
public interface IFrameWriter
{
    /// <summary>
    /// Stores the frames and what the batch says of hosts and GPUs; completes only after PostgreSQL has committed. A frame that
    /// was stored before, or that stands twice in the same call, is a duplicate and is left as it is.
    /// The caller has checked the frames: times within <see cref="FrameRetention"/>, no NaN, no infinities.
    /// </summary>
    /// <param name="batch">Whose frames they are; <see cref="TelemetryBatch.Frames"/> itself is not read.</param>
    /// <param name="frames">The frames to store; may be empty, then only hosts and GPUs are recorded.</param>
    /// <param name="received">When the server received them, by the server's clock.</param>
    /// <exception cref="WriterBusyException">The queue is full or the database is away. Nothing is acknowledged; the same call may be repeated freely.</exception>
    /// <exception cref="FrameOutOfRetentionException">A frame is older or newer than can be stored. Nothing was stored.</exception>
    Task<WriteReceipt> Write(TelemetryBatch batch, IReadOnlyList<Frame> frames, DateTimeOffset received, CancellationToken cancellationToken);
}

/// <summary>What became of the frames of one call, after the commit.</summary>
/// <param name="Accepted">Frames that are now stored for the first time.</param>
/// <param name="DuplicateIndexes">Positions, ascending, of the frames that had been stored before (or earlier in the same call).</param>
public sealed record WriteReceipt(int Accepted, ImmutableArray<int> DuplicateIndexes)
{
    /// <summary>Number of frames that had been stored before.</summary>
    public int Duplicates => DuplicateIndexes.Length;
}

/// <summary>The writer cannot take more now: its queue is full or the database is away.</summary>
public sealed class WriterBusyException : Exception
{
    /// <summary>With the wait to pass on to the sender.</summary>
    public WriterBusyException(string message, TimeSpan retryAfter, Exception? innerException = null)
        : base(message, innerException) => RetryAfter = retryAfter;

    /// <summary>When a repetition is worth while.</summary>
    public TimeSpan RetryAfter { get; }
}

/// <summary>A frame lies outside the times that can be stored.</summary>
public sealed class FrameOutOfRetentionException : Exception
{
    /// <summary>With the frame, its time and the bounds.</summary>
    public FrameOutOfRetentionException(string message)
        : base(message)
    {
    }
}
