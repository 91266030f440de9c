using System.Collections.Immutable;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Policies;

/// <summary>How fields of a policy are grouped and named on pages. A field that no group names stands in the last one.</summary>
public static class PolicyWords
{
    private static readonly ImmutableArray<(string Title, ImmutableArray<string> Names)> Groups =
    [
        ("Steering", ["mode", "strategy", "promotion", "experiments_allowed"]),
        ("Quality", ["retained_mass_min", "bias_spread_max", "guaranteed_experts"]),
        ("Objective", ["performance_weight", "energy_weight", "thermal_weight", "memory_weight", "load_balance_weight"]),
        ("Targets", ["target_power_watts", "target_temperature_celsius", "target_latency_ms", "target_memory_ratio"]),
        ("Learning", ["ttt_chunk_size", "ttt_update_frequency", "energy_aware_lr", "muon_enabled"]),
        ("Hold-out and safety", ["hold_out_share", "hold_out_block_seconds", "epoch_lifetime_seconds"]),
        ("Placement of requests", ["placement", "placement_load_ratio_max"]),
        ("Heat", ["thermal_thresholds", "thermal_warm_celsius", "thermal_hot_celsius", "thermal_critical_celsius", "thermal_hysteresis_celsius", "thermal_dwell_seconds"]),
        ("Power cap", ["power_cap_mode", "power_cap_ratio"]),
        ("Windows", ["schedules"]),
        ("Approval", ["approval"]),
    ];

    /// <summary>All fields by group; every field of the catalogue is in exactly one.</summary>
    public static ImmutableArray<(string Title, ImmutableArray<PolicyField> Fields)> Sections { get; } = SectionsOf(PolicyScopes.Fleet);

    /// <summary>The fields that a scope may set, by group.</summary>
    public static ImmutableArray<(string Title, ImmutableArray<PolicyField> Fields)> SectionsOf(string scope)
    {
        var allowed = PolicyCatalogue.Fields.Where(field => field.MayBeSetIn(scope)).ToList();
        var sections = Groups.Select(group => (group.Title, Fields: Of(allowed.Where(field => group.Names.Contains(field.Name)))))
            .Append(("More", Of(allowed.Where(field => !Groups.Any(group => group.Names.Contains(field.Name))))));
        return [.. sections.Where(section => !section.Item2.IsEmpty)];

        static ImmutableArray<PolicyField> Of(IEnumerable<PolicyField> fields) => [.. fields];
    }

    /// <summary>The name of a field for people.</summary>
    public static string Name(PolicyField field)
    {
        ArgumentNullException.ThrowIfNull(field);
        var words = field.Name.Replace("_watts", "", StringComparison.Ordinal).Replace("_celsius", "", StringComparison.Ordinal).Replace("_seconds", "", StringComparison.Ordinal)
            .Replace("_ms", "", StringComparison.Ordinal).Replace("ttt_", "TTT ", StringComparison.Ordinal).Replace("_min", ", least", StringComparison.Ordinal).Replace("_max", ", most", StringComparison.Ordinal).Replace('_', ' ');
        return char.ToUpperInvariant(words[0]) + words[1..];
    }

    /// <summary>The unit of a field for people; empty for none.</summary>
    public static string Unit(PolicyField field) => field?.Unit switch
    {
        null or "1" => "",
        "Cel" => "°C",
        "{token}" => "tokens",
        "{expert}" => "experts",
        "logit" => "logits",
        var unit => unit,
    };

    /// <summary>What became of a change, for the person who made it; their draft is kept unless it is in force or waits.</summary>
    public static string Said(PolicyDecision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        return decision.Outcome switch
        {
            PolicyOutcome.Saved => $"Version {decision.Current.Version} is in force.",
            PolicyOutcome.Proposed => $"Proposal {decision.Proposal?.Id} waits for another person to approve it.",
            PolicyOutcome.RollingOut => "A rollout is open in this scope. Promote it or roll it back first.",
            PolicyOutcome.Conflict => $"{decision.Current.Author} has saved version {decision.Current.Version} meanwhile.",
            _ => string.Join(" ", decision.Mistakes.Select(mistake => mistake.Reason)),
        };
    }

    /// <summary>A scope for people.</summary>
    public static string Scope(string scope) =>
        scope == PolicyScopes.Fleet ? "Whole fleet" : PolicyScopes.ChainOf(scope) == PolicyChain.Routing ? PolicyScopes.NameOf(scope) : $"{char.ToUpperInvariant(scope[0])}{PolicyScopes.KindOf(scope)[1..]} {PolicyScopes.NameOf(scope)}";

    /// <summary>A scope that a value comes from, within a sentence.</summary>
    public static string From(string scope) => scope == PolicyScopes.Fleet ? "the whole fleet" : scope.Replace('/', ' ');

    /// <summary>How far a scope is set in within the tree.</summary>
    public static string? Depth(string scope) => PolicyScopes.KindOf(scope) switch { PolicyScopes.Fleet => null, "rack" => "inner two", "host" => "inner three", _ => "inner" };
}
