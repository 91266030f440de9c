using System.Collections.Immutable;

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
        new("experiments_allowed", null, "true", "Whether live traffic may be split into arms: a canary that measures, and the hold-out. False needs a hold-out of 0 and immediate promotion.", d => d.ExperimentsAllowed, ["true", "false"]),
        new("thermal_thresholds", null, "device", "Where the thresholds come from: device (below the slowdown temperature that a GPU reports; the numbers below where it reports none) or policy (always the numbers below).", d => d.ThermalThresholds, ["device", "policy"], PolicyChain.Hardware),
        new("thermal_warm_celsius", "Cel", "60", "From here a GPU counts as warm.", d => d.ThermalWarmCelsius, 20, 110, PolicyChain.Hardware),
        new("thermal_hot_celsius", "Cel", "75", "From here a GPU counts as hot, and prices on it rise.", d => d.ThermalHotCelsius, 20, 110, PolicyChain.Hardware),
        new("thermal_critical_celsius", "Cel", "85", "From here a GPU counts as critical.", d => d.ThermalCriticalCelsius, 20, 110, PolicyChain.Hardware),
        new("thermal_hysteresis_celsius", "Cel", "3", "Degrees below its threshold at which a state is left again, so that it does not chatter.", d => d.ThermalHysteresisCelsius, 0, 20, PolicyChain.Hardware),
        new("thermal_dwell_seconds", "s", "5", "Least time in a state before it is left for a cooler one.", d => d.ThermalDwellSeconds, 0, 600, PolicyChain.Hardware),
        new("power_cap_mode", null, "advise", "How far the power cap goes: advise (shown only) or enforce (written by the agent's helper, where the agent's own configuration allows it too).", d => d.PowerCapMode, ["advise", "enforce"], PolicyChain.Hardware),
        new("power_cap_ratio", "1", "1", "The power cap as a share of the card's greatest limit; 1 is no cap. Never below the least limit that the card takes.", d => d.PowerCapRatio, 0.2, 1, PolicyChain.Hardware),
        new("schedules", null, "none", "Windows by cron expression and time zone (a cheap tariff, an hour of clean power) and what counts while one is open; one line each: name | cron | zone | minutes | field=value, field=value.", d => d.Schedules, [], PolicyChain.Any),
        new("approval", null, "none", "Whether a change of this scope, of a narrower one, or one of a wider scope that reaches it, waits until another person has approved it: none or required. Lowering it needs the approval too.", d => d.Approval, ["none", "required"], PolicyChain.Any),
    ];

    /// <summary>The strategies that a policy may name.</summary>
    public static ImmutableArray<string> Strategies =>
    [
        "Baseline", "StaticOptimal", "KernelAwareTTHA", "StatisticalLoadBalancing", "LossFreeBalancing", "Hierarchical", "PredictiveThermal",
        "MultiGpuAware", "DynamicRerouting", "OpportunisticActivation", "GreedyConsolidation", "EnergyAwareTTT",
    ];

    /// <summary>The field of a name; null when there is none.</summary>
    public static PolicyField? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>Everything that is wrong with a document by itself, all at once. With a scope, fields that it may not set are mistakes too.</summary>
    public static ImmutableArray<PolicyMistake> Validate(PolicyDocument document, string? scope = null)
    {
        ArgumentNullException.ThrowIfNull(document);
        var mistakes = ImmutableArray.CreateBuilder<PolicyMistake>();
        foreach (var field in Fields)
        {
            if (field.Check(document) is { } mistake)
            {
                mistakes.Add(mistake);
            }

            if (scope is not null && !field.MayBeSetIn(scope) && field.Read(document) is { } text)
            {
                mistakes.Add(new(field.Name, text, "inherited", field.Chain == PolicyChain.Hardware
                    ? $"{field.Name} belongs to the hardware and '{scope}' does not; set it for the fleet, a site, a rack or a host"
                    : $"{field.Name} belongs to routing and '{scope}' to the hardware; set it for the fleet or a deployment"));
            }
        }

        double?[] weights = [document.PerformanceWeight, document.EnergyWeight, document.ThermalWeight, document.MemoryWeight, document.LoadBalanceWeight];
        if (weights.All(weight => weight == 0))
        {
            mistakes.Add(new("energy_weight", "0", "above 0", "all five weights are 0, so there would be no objective; give at least one weight above 0"));
        }

        PolicyRules.Schedules(document, scope, mistakes);
        return mistakes.ToImmutable();
    }

    /// <summary>
    /// Everything that is wrong with what a scope is to set, all at once: the document by itself, then what does not fit together in effect, outside of all windows
    /// and with each window open. Relations are looked at only when every field by itself is in order.
    /// </summary>
    /// <param name="scope">The scope.</param>
    /// <param name="document">What it is to set.</param>
    /// <param name="wider">What the wider scopes set, widest first.</param>
    public static ImmutableArray<PolicyMistake> Validate(string scope, PolicyDocument document, params IEnumerable<PolicyDocument> wider)
    {
        var mistakes = Validate(document, scope);
        if (!mistakes.IsEmpty)
        {
            return mistakes;
        }

        List<PolicyDocument> chain = [.. wider, document];
        var found = ImmutableArray.CreateBuilder<PolicyMistake>();
        found.AddRange(Relations(scope, chain));
        var scheduled = chain.FindLastIndex(one => one.Schedules is not null);
        foreach (var window in scheduled < 0 ? [] : chain[scheduled].Schedules!.AsEnumerable()) // found as not null
        {
            var inside = chain.Select((one, i) => i == scheduled ? one.Under(window.Set) : one).ToList();
            found.AddRange(Relations(scope, inside).Where(one => found.All(known => known.Reason != one.Reason)).Select(one => one with { Reason = $"while '{window.Name}' is open: {one.Reason}" }));
        }

        return found.ToImmutable();
    }

    private static readonly Dictionary<string, PolicyField> ByName = Fields.ToDictionary(field => field.Name, StringComparer.Ordinal);

    private static IEnumerable<PolicyMistake> Relations(string scope, List<PolicyDocument> chain)
    {
        var numbered = chain.Select(document => (0L, document)).ToList();
        if (PolicyScopes.ChainOf(scope) != PolicyChain.Hardware)
        {
            var merged = chain.Aggregate((under, over) => under.Under(over));
            double?[] weights = [merged.PerformanceWeight, merged.EnergyWeight, merged.ThermalWeight, merged.MemoryWeight, merged.LoadBalanceWeight];
            foreach (var mistake in PolicyRules.Between(EffectivePolicy.Resolve(numbered), weights.Any(weight => weight != 0)))
            {
                yield return mistake;
            }
        }

        if (PolicyScopes.ChainOf(scope) != PolicyChain.Routing)
        {
            foreach (var mistake in PolicyRules.Between(HardwarePolicy.Resolve(numbered)))
            {
                yield return mistake;
            }
        }
    }
}
