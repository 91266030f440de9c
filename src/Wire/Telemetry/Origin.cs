using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Telemetry;

/// <summary>Where a number comes from. Every number that a person sees carries one; mixing keeps the weakest (the greatest value).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Origin>))]
public enum Origin
{
    /// <summary>A sensor was read.</summary>
    [JsonStringEnumMemberName("measured")] Measured = 0,

    /// <summary>A recorded measurement was played again.</summary>
    [JsonStringEnumMemberName("replayed")] Replayed = 1,

    /// <summary>The measured cost table was applied to real routing.</summary>
    [JsonStringEnumMemberName("modelled")] Modelled = 2,

    /// <summary>A simulated GPU.</summary>
    [JsonStringEnumMemberName("simulated")] Simulated = 3,
}

/// <summary>How the joules of a frame were obtained.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EnergyMethod>))]
public enum EnergyMethod
{
    /// <summary>The difference of two readings of the card's energy counter.</summary>
    [JsonStringEnumMemberName("counter")] Counter = 0,

    /// <summary>The integral of averaged power over time.</summary>
    [JsonStringEnumMemberName("integral")] Integral = 1,
}
