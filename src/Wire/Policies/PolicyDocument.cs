using System.Text.Json.Serialization;

namespace EnergyTTT.Wire.Policies;

/// <summary>
/// What one scope sets itself. A field that is null is inherited from the next wider scope, at last from the defaults of
/// <see cref="PolicyCatalogue"/>, which also holds units, ranges and explanations.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PolicyDocument
{
    public SteeringMode? Mode { get; init; }

    public string? Strategy { get; init; }

    public double? RetainedMassMin { get; init; }

    public double? BiasSpreadMax { get; init; }

    public int? GuaranteedExperts { get; init; }

    public double? PerformanceWeight { get; init; }

    public double? EnergyWeight { get; init; }

    public double? ThermalWeight { get; init; }

    public double? MemoryWeight { get; init; }

    public double? LoadBalanceWeight { get; init; }

    public double? TargetPowerWatts { get; init; }

    public double? TargetTemperatureCelsius { get; init; }

    public double? TargetLatencyMs { get; init; }

    public double? TargetMemoryRatio { get; init; }

    public int? TttChunkSize { get; init; }

    public int? TttUpdateFrequency { get; init; }

    public double? EnergyAwareLr { get; init; }

    public bool? MuonEnabled { get; init; }

    public double? HoldOutShare { get; init; }

    public double? HoldOutBlockSeconds { get; init; }

    public PromotionEvidence? Promotion { get; init; }

    public double? EpochLifetimeSeconds { get; init; }

    public PlacementRule? Placement { get; init; }

    public double? PlacementLoadRatioMax { get; init; }
}

/// <summary>How far steering goes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SteeringMode>))]
public enum SteeringMode
{
    /// <summary>Nothing is learned and nothing is issued.</summary>
    [JsonStringEnumMemberName("off")] Off = 0,

    /// <summary>Feedback is recorded and learned from; engines are given no steering.</summary>
    [JsonStringEnumMemberName("observe")] Observe = 1,

    /// <summary>As observe, and what would be issued is recorded with its predicted effect.</summary>
    [JsonStringEnumMemberName("advise")] Advise = 2,

    /// <summary>Engines are steered, within the guards.</summary>
    [JsonStringEnumMemberName("enforce")] Enforce = 3,
}

/// <summary>How the replica of the next request is chosen.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlacementRule>))]
public enum PlacementRule
{
    /// <summary>In turn.</summary>
    [JsonStringEnumMemberName("round_robin")] RoundRobin = 0,

    /// <summary>Where the request shares the most experts, within the load bound.</summary>
    [JsonStringEnumMemberName("affinity")] Affinity = 1,
}

/// <summary>What lets a new generation of steering out of its canary.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PromotionEvidence>))]
public enum PromotionEvidence
{
    /// <summary>A measured saving by the promotion rule; without sensors the canary goes on.</summary>
    [JsonStringEnumMemberName("measured")] Measured = 0,

    /// <summary>Nothing: the owner of the policy takes the decision, and the hold-out goes on measuring it.</summary>
    [JsonStringEnumMemberName("immediate")] Immediate = 1,
}
