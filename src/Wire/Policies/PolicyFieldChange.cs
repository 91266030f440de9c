using System.Collections.Immutable;

namespace EnergyTTT.Wire.Policies;

/// <summary>One field that two documents set differently; null is "inherits".</summary>
/// <param name="Field">The name of the field.</param>
/// <param name="Before">What the one sets.</param>
/// <param name="After">What the other sets.</param>
public sealed record PolicyFieldChange(string Field, string? Before, string? After)
{
    /// <summary>Everything that differs, in the order of the catalogue.</summary>
    public static ImmutableArray<PolicyFieldChange> Between(PolicyDocument before, PolicyDocument after) =>
        [.. PolicyCatalogue.Fields.Select(field => new PolicyFieldChange(field.Name, field.Read(before), field.Read(after))).Where(change => change.Before != change.After)];
}
