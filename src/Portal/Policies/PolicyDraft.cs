using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Policies;

/// <summary>
/// What a person is about to save: per field the text as typed, or nothing where the scope inherits. It remembers the version that it
/// started from, so that a change by somebody else is noticed and neither is lost.
/// </summary>
public sealed class PolicyDraft
{
    private static readonly ImmutableArray<string> Weights = ["performance_weight", "energy_weight", "thermal_weight", "memory_weight", "load_balance_weight"];
    private readonly Dictionary<string, string> _texts = [];

    /// <summary>Starts from a version.</summary>
    public PolicyDraft(PolicyVersion start) => Rebase(start, start.Document);

    /// <summary>The version that the draft started from.</summary>
    public PolicyVersion Start { get; private set; } = default!; // set by Rebase

    /// <summary>Whether anything differs from the version that it started from.</summary>
    public bool IsChanged => PolicyCatalogue.Fields.Any(one => one.Read(Start.Document) != this[one]);

    /// <summary>The text of a field; null where the scope inherits it.</summary>
    public string? this[PolicyField field]
    {
        get => _texts.GetValueOrDefault(@field.Name);
        set
        {
            if (value is null)
            {
                _texts.Remove(@field.Name);
            }
            else
            {
                _texts[@field.Name] = value.Trim();
            }
        }
    }

    /// <summary>Whether a field is one of the five weights of the objective.</summary>
    public static bool IsWeight(PolicyField field) => Weights.Contains(field.Name);

    /// <summary>Goes on from another version with other contents: after a conflict was settled, or to start afresh.</summary>
    public void Rebase(PolicyVersion start, PolicyDocument contents)
    {
        Start = start;
        _texts.Clear();
        foreach (var field in PolicyCatalogue.Fields)
        {
            this[field] = field.Read(contents);
        }
    }

    /// <summary>
    /// Sets one weight and scales the other four so that all sum to 1, keeping their proportions (equal ones when all four were 0). All five are then
    /// set in this scope. A weight outside 0 to 1 is only noted, for the validation to refuse.
    /// </summary>
    /// <param name="field">The weight.</param>
    /// <param name="weight">Its new value.</param>
    /// <param name="inherited">What is in effect where this scope sets nothing.</param>
    public void SetWeight(PolicyField field, double weight, Func<PolicyField, string> inherited)
    {
        if (weight is not (>= 0 and <= 1))
        {
            this[field] = Text(weight);
            return;
        }

        var others = PolicyCatalogue.Fields.Where(other => IsWeight(other) && other.Name != field.Name).ToArray();
        var values = Array.ConvertAll(others, other => double.TryParse(this[other] ?? inherited(other), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0 ? value : 0);
        var sum = values.Sum();
        this[field] = Text(Math.Round(weight, 4));
        var rest = Math.Round(1 - Math.Round(weight, 4), 4);
        var scaled = Array.ConvertAll(values, value => Math.Round(rest * (sum > 0 ? value / sum : 1.0 / others.Length), 4));

        // What rounding leaves over goes to the greatest, which feels it least.
        scaled[Array.IndexOf(scaled, scaled.Max())] += rest - scaled.Sum();
        for (var i = 0; i < others.Length; i++)
        {
            this[others[i]] = Text(scaled[i]);
        }
    }

    /// <summary>The document, with everything that is wrong with it at once: texts that are no value of their field, then what the catalogue finds.</summary>
    /// <param name="wider">What the wider scopes set, widest first.</param>
    public (PolicyDocument Document, ImmutableArray<PolicyMistake> Mistakes) Read(params IEnumerable<PolicyDocument> wider)
    {
        var (document, mistakes) = PolicyText.Read(PolicyCatalogue.Fields.Where(field => _texts.ContainsKey(field.Name)).Select(field => (field.Name, _texts[field.Name])));
        return (document, mistakes.AddRange(PolicyCatalogue.Validate(Start.Scope, document, wider)));
    }

    private static string Text(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
