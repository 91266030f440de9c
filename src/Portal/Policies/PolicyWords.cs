using System.Collections.Immutable;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Policies;

/// <summary>How fields of a policy are grouped and named on pages. A field that no group names stands in the last one.</summary>
public static class PolicyWords
{
    private static readonly ImmutableArray<(string Title, ImmutableArray<string> Names)> Groups =
    [
        ("Steering", ["mode", "strategy", "promotion"]),
        ("Quality", ["retained_mass_min", "bias_spread_max", "guaranteed_experts"]),
        ("Objective", ["performance_weight", "energy_weight", "thermal_weight", "memory_weight", "load_balance_weight"]),
        ("Targets", ["target_power_watts", "target_temperature_celsius", "target_latency_ms", "target_memory_ratio"]),
        ("Learning", ["ttt_chunk_size", "ttt_update_frequency", "energy_aware_lr", "muon_enabled"]),
        ("Hold-out and safety", ["hold_out_share", "hold_out_block_seconds", "epoch_lifetime_seconds"]),
        ("Placement of requests", ["placement", "placement_load_ratio_max"]),
    ];

    /// <summary>All fields by group; every field of the catalogue is in exactly one.</summary>
    public static ImmutableArray<(string Title, ImmutableArray<PolicyField> Fields)> Sections { get; } =
    [
        .. Groups.Select(group => (group.Title, (ImmutableArray<PolicyField>)[.. PolicyCatalogue.Fields.Where(field => group.Names.Contains(field.Name))])),
        .. PolicyCatalogue.Fields.Any(field => !Groups.Any(group => group.Names.Contains(field.Name)))
            ? [("More", (ImmutableArray<PolicyField>)[.. PolicyCatalogue.Fields.Where(field => !Groups.Any(group => group.Names.Contains(field.Name)))])]
            : Array.Empty<(string, ImmutableArray<PolicyField>)>(),
    ];

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

    /// <summary>A scope for people.</summary>
    public static string Scope(string scope) => scope == PolicyScopes.Fleet ? "Whole fleet" : scope[(scope.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
