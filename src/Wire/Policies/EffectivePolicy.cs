namespace EnergyTTT.Wire.Policies;

/// <summary>
/// A policy with every field set, as routers follow it: the nearest scope that sets a field wins.
/// <see cref="Version"/> is the greatest version along the chain, which names this combination because versions are numbered fleet-wide.
/// </summary>
public sealed record EffectivePolicy
{
    /// <summary>The greatest version along the chain; 0 while only defaults are in effect.</summary>
    public long Version { get; init; }

    /// <summary>How far steering goes.</summary>
    public SteeringMode Mode { get; init; } = SteeringMode.Observe;

    /// <summary>The named strategy.</summary>
    public string Strategy { get; init; } = "EnergyAwareTTT";

    /// <summary>The least share of gate mass that every token keeps.</summary>
    public double RetainedMassMin { get; init; } = 0.95;

    /// <summary>Greatest minus least bias.</summary>
    public double BiasSpreadMax { get; init; } = 0.4;

    /// <summary>Own experts of a token under OpportunisticActivation.</summary>
    public int GuaranteedExperts { get; init; } = 5;

    /// <summary>Weight of latency, normalised: the five weights sum to 1.</summary>
    public double PerformanceWeight { get; init; } = 0.25;

    /// <summary>Weight of energy, normalised.</summary>
    public double EnergyWeight { get; init; } = 0.35;

    /// <summary>Weight of heat, normalised.</summary>
    public double ThermalWeight { get; init; } = 0.20;

    /// <summary>Weight of memory pressure, normalised.</summary>
    public double MemoryWeight { get; init; } = 0.10;

    /// <summary>Weight of even load, normalised.</summary>
    public double LoadBalanceWeight { get; init; } = 0.10;

    /// <summary>Power target in watts.</summary>
    public double TargetPowerWatts { get; init; } = 200;

    /// <summary>Temperature target in degrees Celsius.</summary>
    public double TargetTemperatureCelsius { get; init; } = 65;

    /// <summary>Latency target in milliseconds.</summary>
    public double TargetLatencyMs { get; init; } = 10;

    /// <summary>Memory target, 0 to 1.</summary>
    public double TargetMemoryRatio { get; init; } = 0.7;

    /// <summary>Tokens per chunk.</summary>
    public int TttChunkSize { get; init; } = 2048;

    /// <summary>Tokens between updates.</summary>
    public int TttUpdateFrequency { get; init; } = 512;

    /// <summary>Learning rate of AdamW.</summary>
    public double EnergyAwareLr { get; init; } = 1e-4;

    /// <summary>Whether Muon updates the fast weights.</summary>
    public bool MuonEnabled { get; init; } = true;

    /// <summary>Share of time that is held out.</summary>
    public double HoldOutShare { get; init; } = 0.05;

    /// <summary>Length of a block of the hold-out.</summary>
    public TimeSpan HoldOutBlock { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What lets a generation out of its canary.</summary>
    public PromotionEvidence Promotion { get; init; } = PromotionEvidence.Measured;

    /// <summary>How long an epoch counts.</summary>
    public TimeSpan EpochLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How replicas are chosen.</summary>
    public PlacementRule Placement { get; init; } = PlacementRule.Affinity;

    /// <summary>Greatest load of a replica in even shares.</summary>
    public double PlacementLoadRatioMax { get; init; } = 1.25;

    /// <summary>Whether live traffic may be split into arms: for a canary that measures, and for the hold-out.</summary>
    public bool ExperimentsAllowed { get; init; } = true;

    /// <summary>The names of the schedule's windows that are open, with ", " between them; empty outside all of them.</summary>
    public string Windows { get; init; } = "";

    /// <summary>The rollout that this policy is tried in; 0 when it is in force.</summary>
    public long Rollout { get; init; }

    /// <summary>The defaults, in effect where nobody has set anything.</summary>
    public static EffectivePolicy Defaults { get; } = new();

    /// <summary>Resolves a chain of scopes at a moment, widest first: a later document's field wins over an earlier one's, a window's over its own scope's.</summary>
    public static EffectivePolicy ResolveAt(DateTimeOffset now, params IEnumerable<(long Version, PolicyDocument Document)> chain)
    {
        var (inside, names) = PolicyWindows.Laid(chain, now);
        return Resolve(inside) with { Windows = names };
    }

    /// <summary>Resolves a chain of scopes outside all windows of its schedules, widest first: a later document's field wins over an earlier one's.</summary>
    public static EffectivePolicy Resolve(params IEnumerable<(long Version, PolicyDocument Document)> chain)
    {
        var policy = Defaults;
        foreach (var (version, own) in chain)
        {
            policy = policy with
            {
                Version = Math.Max(policy.Version, version),
                ExperimentsAllowed = own.ExperimentsAllowed ?? policy.ExperimentsAllowed,
                Mode = own.Mode ?? policy.Mode,
                Strategy = own.Strategy ?? policy.Strategy,
                RetainedMassMin = own.RetainedMassMin ?? policy.RetainedMassMin,
                BiasSpreadMax = own.BiasSpreadMax ?? policy.BiasSpreadMax,
                GuaranteedExperts = own.GuaranteedExperts ?? policy.GuaranteedExperts,
                PerformanceWeight = own.PerformanceWeight ?? policy.PerformanceWeight,
                EnergyWeight = own.EnergyWeight ?? policy.EnergyWeight,
                ThermalWeight = own.ThermalWeight ?? policy.ThermalWeight,
                MemoryWeight = own.MemoryWeight ?? policy.MemoryWeight,
                LoadBalanceWeight = own.LoadBalanceWeight ?? policy.LoadBalanceWeight,
                TargetPowerWatts = own.TargetPowerWatts ?? policy.TargetPowerWatts,
                TargetTemperatureCelsius = own.TargetTemperatureCelsius ?? policy.TargetTemperatureCelsius,
                TargetLatencyMs = own.TargetLatencyMs ?? policy.TargetLatencyMs,
                TargetMemoryRatio = own.TargetMemoryRatio ?? policy.TargetMemoryRatio,
                TttChunkSize = own.TttChunkSize ?? policy.TttChunkSize,
                TttUpdateFrequency = own.TttUpdateFrequency ?? policy.TttUpdateFrequency,
                EnergyAwareLr = own.EnergyAwareLr ?? policy.EnergyAwareLr,
                MuonEnabled = own.MuonEnabled ?? policy.MuonEnabled,
                HoldOutShare = own.HoldOutShare ?? policy.HoldOutShare,
                HoldOutBlock = own.HoldOutBlockSeconds is { } block ? TimeSpan.FromSeconds(block) : policy.HoldOutBlock,
                EpochLifetime = own.EpochLifetimeSeconds is { } lifetime ? TimeSpan.FromSeconds(lifetime) : policy.EpochLifetime,
                Promotion = own.Promotion ?? policy.Promotion,
                Placement = own.Placement ?? policy.Placement,
                PlacementLoadRatioMax = own.PlacementLoadRatioMax ?? policy.PlacementLoadRatioMax,
            };
        }

        return policy.Normalised();
    }

    private EffectivePolicy Normalised()
    {
        var sum = PerformanceWeight + EnergyWeight + ThermalWeight + MemoryWeight + LoadBalanceWeight;

        // A chain may leave every weight at 0 although no single document does; the defaults then stand.
        return sum > 0
            ? this with
            {
                PerformanceWeight = PerformanceWeight / sum,
                EnergyWeight = EnergyWeight / sum,
                ThermalWeight = ThermalWeight / sum,
                MemoryWeight = MemoryWeight / sum,
                LoadBalanceWeight = LoadBalanceWeight / sum,
            }
            : this with
            {
                PerformanceWeight = Defaults.PerformanceWeight,
                EnergyWeight = Defaults.EnergyWeight,
                ThermalWeight = Defaults.ThermalWeight,
                MemoryWeight = Defaults.MemoryWeight,
                LoadBalanceWeight = Defaults.LoadBalanceWeight,
            };
    }
}
