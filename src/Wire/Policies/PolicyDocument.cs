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

    public bool? ExperimentsAllowed { get; init; }

    public ThresholdSource? ThermalThresholds { get; init; }

    public double? ThermalWarmCelsius { get; init; }

    public double? ThermalHotCelsius { get; init; }

    public double? ThermalCriticalCelsius { get; init; }

    public double? ThermalHysteresisCelsius { get; init; }

    public double? ThermalDwellSeconds { get; init; }

    public PowerCapMode? PowerCapMode { get; init; }

    public double? PowerCapRatio { get; init; }

    public PolicySchedules? Schedules { get; init; }

    public ApprovalRule? Approval { get; init; }

    /// <summary>The same with everything that another document sets laid over it.</summary>
    public PolicyDocument Under(PolicyDocument over)
    {
        ArgumentNullException.ThrowIfNull(over);
        return new()
        {
            Mode = over.Mode ?? Mode,
            Strategy = over.Strategy ?? Strategy,
            RetainedMassMin = over.RetainedMassMin ?? RetainedMassMin,
            BiasSpreadMax = over.BiasSpreadMax ?? BiasSpreadMax,
            GuaranteedExperts = over.GuaranteedExperts ?? GuaranteedExperts,
            PerformanceWeight = over.PerformanceWeight ?? PerformanceWeight,
            EnergyWeight = over.EnergyWeight ?? EnergyWeight,
            ThermalWeight = over.ThermalWeight ?? ThermalWeight,
            MemoryWeight = over.MemoryWeight ?? MemoryWeight,
            LoadBalanceWeight = over.LoadBalanceWeight ?? LoadBalanceWeight,
            TargetPowerWatts = over.TargetPowerWatts ?? TargetPowerWatts,
            TargetTemperatureCelsius = over.TargetTemperatureCelsius ?? TargetTemperatureCelsius,
            TargetLatencyMs = over.TargetLatencyMs ?? TargetLatencyMs,
            TargetMemoryRatio = over.TargetMemoryRatio ?? TargetMemoryRatio,
            TttChunkSize = over.TttChunkSize ?? TttChunkSize,
            TttUpdateFrequency = over.TttUpdateFrequency ?? TttUpdateFrequency,
            EnergyAwareLr = over.EnergyAwareLr ?? EnergyAwareLr,
            MuonEnabled = over.MuonEnabled ?? MuonEnabled,
            HoldOutShare = over.HoldOutShare ?? HoldOutShare,
            HoldOutBlockSeconds = over.HoldOutBlockSeconds ?? HoldOutBlockSeconds,
            Promotion = over.Promotion ?? Promotion,
            EpochLifetimeSeconds = over.EpochLifetimeSeconds ?? EpochLifetimeSeconds,
            Placement = over.Placement ?? Placement,
            PlacementLoadRatioMax = over.PlacementLoadRatioMax ?? PlacementLoadRatioMax,
            ExperimentsAllowed = over.ExperimentsAllowed ?? ExperimentsAllowed,
            ThermalThresholds = over.ThermalThresholds ?? ThermalThresholds,
            ThermalWarmCelsius = over.ThermalWarmCelsius ?? ThermalWarmCelsius,
            ThermalHotCelsius = over.ThermalHotCelsius ?? ThermalHotCelsius,
            ThermalCriticalCelsius = over.ThermalCriticalCelsius ?? ThermalCriticalCelsius,
            ThermalHysteresisCelsius = over.ThermalHysteresisCelsius ?? ThermalHysteresisCelsius,
            ThermalDwellSeconds = over.ThermalDwellSeconds ?? ThermalDwellSeconds,
            PowerCapMode = over.PowerCapMode ?? PowerCapMode,
            PowerCapRatio = over.PowerCapRatio ?? PowerCapRatio,
            Schedules = over.Schedules ?? Schedules,
            Approval = over.Approval ?? Approval,
        };
    }
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

/// <summary>Where the temperatures come from at which a GPU counts as warm, hot or critical.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ThresholdSource>))]
public enum ThresholdSource
{
    /// <summary>25, 12 and 5 degrees below the slowdown temperature that the GPU reports; the policy's numbers where it reports none.</summary>
    [JsonStringEnumMemberName("device")] Device = 0,

    /// <summary>The policy's numbers, always.</summary>
    [JsonStringEnumMemberName("policy")] Policy = 1,
}

/// <summary>How far a power cap goes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PowerCapMode>))]
public enum PowerCapMode
{
    /// <summary>The cap is shown as a recommendation; nothing is written to a card.</summary>
    [JsonStringEnumMemberName("advise")] Advise = 0,

    /// <summary>The cap is written by the agent's helper where the agent's own configuration allows it too.</summary>
    [JsonStringEnumMemberName("enforce")] Enforce = 1,
}

/// <summary>Whether a change takes a second person.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ApprovalRule>))]
public enum ApprovalRule
{
    /// <summary>Whoever may change the scope changes it.</summary>
    [JsonStringEnumMemberName("none")] None = 0,

    /// <summary>A change waits until another person who may change the scope has approved it.</summary>
    [JsonStringEnumMemberName("required")] Required = 1,
}
