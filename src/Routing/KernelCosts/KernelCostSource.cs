using System.Text.Json.Serialization;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>How a row of a cost table came about. Only <see cref="Nvml"/> rows may stand behind a claim of savings.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<KernelCostSource>))]
public enum KernelCostSource
{
    /// <summary>Measured with the card's energy counter.</summary>
    [JsonStringEnumMemberName("nvml")] Nvml = 0,

    /// <summary>Calculated from a model of the kernel.</summary>
    [JsonStringEnumMemberName("analytic")] Analytic = 1,

    /// <summary>Imported from elsewhere; nobody here knows how it was measured.</summary>
    [JsonStringEnumMemberName("unverified")] Unverified = 2,
}
