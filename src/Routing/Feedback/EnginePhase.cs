using System.Text.Json.Serialization;

namespace EnergyTTT.Routing.Feedback;

/// <summary>What an engine was doing in a step.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EnginePhase>))]
public enum EnginePhase
{
    /// <summary>One token of each running sequence: where sharing experts saves most.</summary>
    [JsonStringEnumMemberName("decode")] Decode = 0,

    /// <summary>Many tokens of a prompt at once.</summary>
    [JsonStringEnumMemberName("prefill")] Prefill = 1,
}
