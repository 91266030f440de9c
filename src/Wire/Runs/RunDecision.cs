using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Runs;

/// <summary>What became of something that was to be recorded of a run.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="State">Where the run stands now; null when there is none.</param>
/// <param name="Explanation">Why not, for people; null when it was recorded.</param>
public sealed record RunDecision(RunOutcome Outcome, RunState? State = null, string? Explanation = null);

/// <summary>What became of something that was to be recorded of a run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunOutcome>))]
public enum RunOutcome
{
    /// <summary>It is durable now.</summary>
    [JsonStringEnumMemberName("recorded")] Recorded = 0,

    /// <summary>The history has just this already; nothing was changed.</summary>
    [JsonStringEnumMemberName("unchanged")] Unchanged = 1,

    /// <summary>There is no such run.</summary>
    [JsonStringEnumMemberName("unknown")] Unknown = 2,

    /// <summary>The run has ended and no longer changes.</summary>
    [JsonStringEnumMemberName("ended")] Ended = 3,

    /// <summary>The history has something else in its place; nothing was changed.</summary>
    [JsonStringEnumMemberName("differs")] Differs = 4,

    /// <summary>The run is being recorded by somebody else.</summary>
    [JsonStringEnumMemberName("foreign")] Foreign = 5,

    /// <summary>It cannot be so.</summary>
    [JsonStringEnumMemberName("refused")] Refused = 6,
}
