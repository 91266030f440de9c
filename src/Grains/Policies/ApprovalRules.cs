using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Grains.Policies;

/// <summary>Whether a change takes a second person. What counts is what is in force before the change, so that lowering the requirement needs the approval too.</summary>
internal static class ApprovalRules
{
    /// <summary>Whether the scope asks for it itself or by a wider one, or a narrower scope does that the change would reach.</summary>
    /// <param name="page">What is in force.</param>
    /// <param name="scope">The scope that is changed.</param>
    /// <param name="document">What it is to set.</param>
    /// <param name="fleet">Where racks and hosts stand.</param>
    public static bool Asks(PolicyPage page, string scope, PolicyDocument document, FleetSnapshot? fleet)
    {
        if (PolicyChains.WiderThan(scope, fleet).Append(scope).Select(one => page.Of(one).Document.Approval).LastOrDefault(rule => rule is not null) == ApprovalRule.Required)
        {
            return true;
        }

        var changed = PolicyFieldChange.Between(page.Of(scope).Document, document).Select(change => PolicyCatalogue.Find(change.Field)!).ToList(); // a change is of a field
        return page.Versions.Values.Any(narrower =>
            narrower.Document.Approval == ApprovalRule.Required && PolicyChains.Reaches(scope, narrower.Scope, fleet) && changed.Any(field => field.MayBeSetIn(narrower.Scope)));
    }
}
