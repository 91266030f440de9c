using System.Globalization;

namespace EnergyTTT.Telemetry.Logs;

/// <summary>Writes <c>time level message</c> lines, as service managers collect them.</summary>
public sealed class StreamLog(TextWriter writer, TimeProvider time) : ITelemetryLog
{
    private readonly Lock _gate = new();

    /// <summary>A log that nobody reads.</summary>
    public static ITelemetryLog None { get; } = new StreamLog(TextWriter.Null, TimeProvider.System);

    /// <inheritdoc/>
    public void Write(LogLevel level, string message)
    {
        var word = level switch { LogLevel.Information => "info", LogLevel.Warning => "warn", _ => "error" };
        lock (_gate)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {word} {message}"));
            writer.Flush();
        }
    }
}
