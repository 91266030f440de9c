namespace EnergyTTT.Telemetry.Uploads;

/// <summary>What became of the frames so far. Counts only go up.</summary>
public sealed class UploadStatistics
{
    private long _accepted;
    private long _duplicates;
    private long _rejected;
    private long _refused;
    private long _failures;

    /// <summary>Frames that the server stored for the first time.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Frames that the server had already: their acknowledgement had been lost.</summary>
    public long Duplicates => Interlocked.Read(ref _duplicates);

    /// <summary>Frames that the server refused item by item, for good.</summary>
    public long Rejected => Interlocked.Read(ref _rejected);

    /// <summary>Frames of messages that the server refused as a whole, for good.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Requests that failed and were or will be repeated.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    internal void Stored(int accepted, int duplicates, int rejected)
    {
        Interlocked.Add(ref _accepted, accepted);
        Interlocked.Add(ref _duplicates, duplicates);
        Interlocked.Add(ref _rejected, rejected);
    }

    internal void Refuse(int frames) => Interlocked.Add(ref _refused, frames);

    internal void Fail() => Interlocked.Increment(ref _failures);

    /// <inheritdoc/>
    public override string ToString() => $"accepted {Accepted}, duplicates {Duplicates}, rejected {Rejected}, refused {Refused}, failed requests {Failures}";
}
