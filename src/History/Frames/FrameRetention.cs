namespace EnergyTTT.History.Frames;

/// <summary>Which times of frames can be stored: from now minus <see cref="Partitions.RetentionOptions.Frames"/> to now plus <see cref="Ahead"/>.</summary>
public static class FrameRetention
{
    /// <summary>How far ahead of the server's clock a frame may be and still be storable. Callers that quarantine use 5 minutes, well inside.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromHours(24);

    /// <summary>Whether a frame of that time can be stored.</summary>
    /// <param name="time">The frame's own time.</param>
    /// <param name="now">The server's clock.</param>
    /// <param name="retention">How long frames are kept.</param>
    public static bool Accepts(DateTimeOffset time, DateTimeOffset now, TimeSpan retention) =>
        time >= now - retention && time <= now + Ahead;
}
