using System.Collections.Immutable;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Policies;

/// <summary>One field that two documents set differently.</summary>
/// <param name="Field">The field.</param>
/// <param name="From">What the one sets; null when it inherits.</param>
/// <param name="To">What the other sets; null when it inherits.</param>
public sealed record FieldChange(PolicyField Field, string? From, string? To)
{
    /// <summary>Everything that differs, in the order of the catalogue.</summary>
    public static ImmutableArray<FieldChange> Between(PolicyDocument from, PolicyDocument to) =>
        [.. PolicyCatalogue.Fields.Select(field => new FieldChange(field, field.Read(from), field.Read(to))).Where(change => change.From != change.To)];
}
