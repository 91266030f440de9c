using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Runs;

/// <summary>Where a run stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunState>))]
public enum RunState
{
    /// <summary>Trials are still coming.</summary>
    [JsonStringEnumMemberName("running")] Running = 0,

    /// <summary>All that was planned was done.</summary>
    [JsonStringEnumMemberName("completed")] Completed = 1,

    /// <summary>Stopped before its end; what it had is kept.</summary>
    [JsonStringEnumMemberName("aborted")] Aborted = 2,

    /// <summary>An error ended it; what it had is kept.</summary>
    [JsonStringEnumMemberName("failed")] Failed = 3,
}
