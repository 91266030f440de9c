namespace EnergyTTT.Telemetry.Logs;

/// <summary>How much a line of the log matters.</summary>
public enum LogLevel
{
    /// <summary>A person would want to know it tomorrow.</summary>
    Information,

    /// <summary>Something is degraded and the room goes on.</summary>
    Warning,

    /// <summary>A person has to act.</summary>
    Error,
}

/// <summary>Where the room says what happened. An interface of its own, so that the agent needs nothing beyond the base library.</summary>
public interface ITelemetryLog
{
    /// <summary>Writes one line, in the past tense, that names the thing. Safe to call from any thread.</summary>
    void Write(LogLevel level, string message);
}
