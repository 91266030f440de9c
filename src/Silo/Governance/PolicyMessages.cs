using System.Collections.Immutable;
using System.Text.Json.Serialization;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Silo.Governance;

/// <summary>A page of versions, newest first.</summary>
public sealed record PolicyVersionPage(ImmutableArray<PolicyVersion> Versions, long? Cursor);

/// <summary>What a field is.</summary>
public sealed record PolicyFieldView(string Name, string? Unit, string Default, string Meaning, double? Minimum, double? Maximum, ImmutableArray<string> Choices, string Chain);

/// <summary>A scope that may be set, and what is in force there.</summary>
public sealed record PolicyScopeView(string Scope, long Version, string? Author, DateTimeOffset? CreatedAt, int FieldsSet);

/// <summary>What is wrong with a document, or nothing; nothing was saved.</summary>
public sealed record PolicyTrial(string Scope, long Version, ImmutableArray<PolicyFieldChange> Changes, ImmutableArray<PolicyMistake> Mistakes);

/// <summary>A field's value and where it comes from: a scope, or <c>default</c>.</summary>
public sealed record EffectiveField(string Name, string Value, string? Unit, string From, long Version);

/// <summary>What changed between two versions.</summary>
public sealed record PolicyDiff(string Scope, long From, long To, ImmutableArray<PolicyFieldChange> Changes);

/// <summary>Policies as people read them.</summary>
internal static class PolicyMessages
{
    /// <summary>The catalogue.</summary>
    public static ImmutableArray<PolicyFieldView> Fields { get; } =
        [.. PolicyCatalogue.Fields.Select(field => new PolicyFieldView(field.Name, field.Unit, field.Default, field.Meaning, field.Minimum, field.Maximum, field.Choices, field.Chain.ToString().ToLowerInvariant()))];

    /// <summary>Every field as it counts under a chain of scopes, widest first.</summary>
    public static ImmutableArray<EffectiveField> Effective(ImmutableArray<PolicyVersion> chain) => [.. PolicyCatalogue.Fields.Where(field => field.MayBeSetIn(chain[^1].Scope)).Select(field =>
    {
        var setter = chain.LastOrDefault(version => field.Read(version.Document) is not null);
        return new EffectiveField(field.Name, setter is null ? field.Default : field.Read(setter.Document)!, field.Unit, setter?.Scope ?? "default", setter?.Version ?? 0); // the setter sets it
    })];
}

/// <summary>Source-generated JSON of policies as people read them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PolicyVersionPage))]
[JsonSerializable(typeof(PolicyDiff))]
[JsonSerializable(typeof(PolicyTrial))]
[JsonSerializable(typeof(ImmutableArray<PolicyScopeView>))]
[JsonSerializable(typeof(ImmutableArray<PolicyFieldView>))]
[JsonSerializable(typeof(ImmutableArray<EffectiveField>))]
internal sealed partial class PolicyJson : JsonSerializerContext;
