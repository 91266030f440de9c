namespace EnergyTTT.Telemetry.Uploads;

/// <summary>Where frames go and how they are kept until they are there.</summary>
public sealed record UploadOptions
{
    /// <summary>The server, such as <c>https://energy.example:8080</c>.</summary>
    public required Uri Server { get; init; }

    /// <summary>Gives the API key of the moment; asked before each request, so that a key can be exchanged while the agent runs.</summary>
    public required Func<string?> Key { get; init; }

    /// <summary>The folder of the buffer. One agent at a time.</summary>
    public required string BufferFolder { get; init; }

    /// <summary>The greatest size of the buffer per host, in bytes; above <see cref="SegmentBytes"/>, default 512 MiB (a day and a half of 8 GPUs). Beyond it the oldest frames are given up.</summary>
    public long BufferLimitBytes { get; init; } = 512L << 20;

    /// <summary>The size of one file of the buffer, in bytes; default 1 MiB.</summary>
    public long SegmentBytes { get; init; } = 1 << 20;

    /// <summary>The most frames of one request; 1 or more, default 512.</summary>
    public int FramesPerRequest { get; init; } = 512;

    /// <summary>The first pause after a failure; it doubles from failure to failure, with jitter. Default 0.5 s.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest pause after a failure; default 30 s.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one request may take; its outcome is unknown then and it is sent again. Default 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
