using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Runs;

/// <summary>What a comparison says, in words that a person may repeat.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>Too few pairs to say anything.</summary>
    [JsonStringEnumMemberName("inconclusive")] Inconclusive = 0,

    /// <summary>Measured, and the interval is below 0: energy was saved.</summary>
    [JsonStringEnumMemberName("saving")] Saving = 1,

    /// <summary>Measured, and the interval contains 0.</summary>
    [JsonStringEnumMemberName("no_significant_saving")] NoSignificantSaving = 2,

    /// <summary>Measured, and the interval is above 0: energy was lost.</summary>
    [JsonStringEnumMemberName("loss")] Loss = 3,

    /// <summary>The numbers are replayed, modelled or simulated: there is an effect to show, with its origin, but nothing was saved.</summary>
    [JsonStringEnumMemberName("not_measured")] NotMeasured = 4,
}
