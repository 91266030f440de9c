using System.Collections.Immutable;
using System.Globalization;

namespace EnergyTTT.Wire.Policies;

/// <summary>Every field of a policy with its unit, range, default and meaning: the one place that validation, forms and documentation read.</summary>
public static class PolicyCatalogue
{
    /// <summary>The fields, in the order in which a person meets them.</summary>
    public static ImmutableArray<PolicyField> Fields { get; } =
    [
        new("mode", null, "observe", "How far steering goes: off, observe, advise or enforce.", d => d.Mode, ["off", "observe", "advise", "enforce"]),
        new("strategy", null, "EnergyAwareTTT", "The named strategy that routers follow.", d => d.Strategy, Strategies),
        new("retained_mass_min", "1", "0.95", "The least share of its gate mass that every single token keeps; a hard bound of the selector.", d => d.RetainedMassMin, 0.5, 1),
        new("bias_spread_max", "logit", "0.4", "Greatest minus least bias. Up to 0.4 for engines that only take a bias, more where the selector's guard protects every token.", d => d.BiasSpreadMax, 0, 4),
        new("guaranteed_experts", "{expert}", "5", "Experts that every token brings of its own under OpportunisticActivation.", d => d.GuaranteedExperts, 1, 256),
        new("performance_weight", "1", "0.25", "Weight of latency and throughput in the objective; the five weights are normalised to 1.", d => d.PerformanceWeight, 0, 1),
        new("energy_weight", "1", "0.35", "Weight of energy in the objective.", d => d.EnergyWeight, 0, 1),
        new("thermal_weight", "1", "0.2", "Weight of heat in the objective.", d => d.ThermalWeight, 0, 1),
        new("memory_weight", "1", "0.1", "Weight of memory pressure in the objective.", d => d.MemoryWeight, 0, 1),
        new("load_balance_weight", "1", "0.1", "Weight of an even load of devices in the objective.", d => d.LoadBalanceWeight, 0, 1),
        new("target_power_watts", "W", "200", "Power per GPU above which the scoreboard counts a miss; being under it is no error.", d => d.TargetPowerWatts, 1, 5000),
        new("target_temperature_celsius", "Cel", "65", "Die temperature above which the scoreboard counts a miss.", d => d.TargetTemperatureCelsius, 20, 110),
        new("target_latency_ms", "ms", "10", "Milliseconds per step above which the scoreboard counts a miss.", d => d.TargetLatencyMs, 0.01, 60_000),
        new("target_memory_ratio", "1", "0.7", "Share of device memory above which the scoreboard counts a miss.", d => d.TargetMemoryRatio, 0.05, 1),
        new("ttt_chunk_size", "{token}", "2048", "Tokens that one test-time-training chunk holds.", d => d.TttChunkSize, 2048, 1_048_576),
        new("ttt_update_frequency", "{token}", "512", "New tokens between two updates of the fast weights.", d => d.TttUpdateFrequency, 1, 1_048_576),
        new("energy_aware_lr", "1", "0.0001", "Learning rate of AdamW; Muon, when enabled, steps by its own orthonormal rate.", d => d.EnergyAwareLr, 1e-8, 1),
        new("muon_enabled", null, "true", "Whether fast weights are updated by Muon (orthogonalised steps).", d => d.MuonEnabled, ["true", "false"]),
        new("hold_out_share", "1", "0.05", "Share of the time that runs unsteered in randomised blocks, so that savings stay measured.", d => d.HoldOutShare, 0, 0.5),
        new("hold_out_block_seconds", "s", "30", "Length of one block of the hold-out.", d => d.HoldOutBlockSeconds, 30, 3600),
        new("promotion", null, "measured", "What lets new steering out of its canary: measured (a proven saving) or immediate (your decision).", d => d.Promotion, ["measured", "immediate"]),
        new("epoch_lifetime_seconds", "s", "60", "After this long without a newer epoch an engine goes back to no bias (dead-man switch).", d => d.EpochLifetimeSeconds, 5, 3600),
        new("placement", null, "affinity", "How the replica of the next request is chosen: round_robin or affinity.", d => d.Placement, ["round_robin", "affinity"]),
        new("placement_load_ratio_max", "1", "1.25", "No replica is given more than this times its even share of running requests.", d => d.PlacementLoadRatioMax, 1, 10),
    ];

    /// <summary>The strategies that a policy may name.</summary>
    public static ImmutableArray<string> Strategies =>
    [
        "Baseline", "StaticOptimal", "KernelAwareTTHA", "StatisticalLoadBalancing", "LossFreeBalancing", "Hierarchical", "PredictiveThermal",
        "MultiGpuAware", "DynamicRerouting", "OpportunisticActivation", "GreedyConsolidation", "EnergyAwareTTT",
    ];

    /// <summary>Everything that is wrong with a document, all at once; empty when it may be saved.</summary>
    public static ImmutableArray<PolicyMistake> Validate(PolicyDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var mistakes = ImmutableArray.CreateBuilder<PolicyMistake>();
        foreach (var field in Fields)
        {
            if (field.Check(document) is { } mistake)
            {
                mistakes.Add(mistake);
            }
        }

        double?[] weights = [document.PerformanceWeight, document.EnergyWeight, document.ThermalWeight, document.MemoryWeight, document.LoadBalanceWeight];
        if (weights.All(weight => weight == 0))
        {
            mistakes.Add(new("energy_weight", "0", "above 0", "all five weights are 0, so there would be no objective; give at least one weight above 0"));
        }

        return mistakes.ToImmutable();
    }
}

/// <summary>One field of a policy.</summary>
public sealed class PolicyField
{
    private readonly Func<PolicyDocument, object?> _read;

    internal PolicyField(string name, string? unit, string @default, string meaning, Func<PolicyDocument, object?> read, double minimum, double maximum)
        : this(name, unit, @default, meaning, read, []) => (Minimum, Maximum) = (minimum, maximum);

    internal PolicyField(string name, string? unit, string @default, string meaning, Func<PolicyDocument, object?> read, ImmutableArray<string> choices)
    {
        (Name, Unit, Default, Meaning, Choices) = (name, unit, @default, meaning, choices);
        _read = read;
    }

    /// <summary>The name on the wire.</summary>
    public string Name { get; }

    /// <summary>The unit in UCUM; null for what has none.</summary>
    public string? Unit { get; }

    /// <summary>What is in effect when no scope sets the field.</summary>
    public string Default { get; }

    /// <summary>One sentence for the person who edits it.</summary>
    public string Meaning { get; }

    /// <summary>The least value; null for a choice.</summary>
    public double? Minimum { get; }

    /// <summary>The greatest value; null for a choice.</summary>
    public double? Maximum { get; }

    /// <summary>The allowed words; empty for a number.</summary>
    public ImmutableArray<string> Choices { get; }

    /// <summary>What a document sets, as an invariant text; null when it inherits the field.</summary>
    public string? Read(PolicyDocument document) => _read(document) switch
    {
        null => null,
        bool value => value ? "true" : "false",
        PromotionEvidence evidence => evidence.ToString().ToLowerInvariant(),
        SteeringMode mode => mode.ToString().ToLowerInvariant(),
        PlacementRule.RoundRobin => "round_robin",
        PlacementRule.Affinity => "affinity",
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        var value => value.ToString(),
    };

    internal PolicyMistake? Check(PolicyDocument document)
    {
        if (Read(document) is not { } text)
        {
            return null;
        }

        if (!Choices.IsEmpty)
        {
            return Choices.Contains(text) ? null : new(Name, text, string.Join(", ", Choices), $"{Name} is '{text}'; choose one of {string.Join(", ", Choices)}");
        }

        var value = Convert.ToDouble(_read(document), CultureInfo.InvariantCulture);
        var range = string.Create(CultureInfo.InvariantCulture, $"{Minimum} to {Maximum}");
        return value >= Minimum && value <= Maximum ? null : new(Name, text, range, $"{Name} is {text}; it must lie in {range}{(Unit is null or "1" ? "" : " " + Unit)}");
    }
}

/// <summary>One thing that is wrong with a policy.</summary>
/// <param name="Field">The field.</param>
/// <param name="Value">What was given.</param>
/// <param name="Bound">What is allowed.</param>
/// <param name="Reason">The sentence for a person.</param>
public sealed record PolicyMistake(string Field, string Value, string Bound, string Reason);
