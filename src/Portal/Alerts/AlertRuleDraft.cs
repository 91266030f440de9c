using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Alerts;

/// <summary>A rule as it stands in a form: texts, until it is read.</summary>
public sealed class AlertRuleDraft
{
    private static readonly char[] Separators = [',', ' ', ';'];
    private readonly AlertRule _start;

    /// <summary>Starts from a rule.</summary>
    public AlertRuleDraft(AlertRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        _start = rule;
        (Name, Title, Signal, Per, Statistic, Comparison, Severity, NoData, Enabled, Description) = (rule.Name, rule.Title, rule.Signal, rule.Per, rule.Statistic, rule.Comparison, rule.Severity, rule.NoData, rule.Enabled, rule.Description ?? "");
        (Threshold, Recovery, Window, For, Recover) = (Text(rule.Threshold), rule.Recovery is { } recovery ? Text(recovery) : "", Text(rule.WindowSeconds), Text(rule.ForSeconds), Text(rule.RecoverSeconds));
        (Sites, Racks, Hosts, Contacts) = (Join(rule.Scope?.Sites), Join(rule.Scope?.Racks), Join(rule.Scope?.Hosts), Join(rule.ContactPoints));
    }

#pragma warning disable CS1591 // The fields of AlertRule, as texts where a person types them.
    public string Name { get; set; }

    public string Title { get; set; }

    public string Signal { get; set; }

    public AlertPer Per { get; set; }

    public AlertStatistic Statistic { get; set; }

    public AlertComparison Comparison { get; set; }

    public AlertSeverity Severity { get; set; }

    public NoDataChoice NoData { get; set; }

    public bool Enabled { get; set; }

    public string Description { get; set; }

    public string Threshold { get; set; }

    public string Recovery { get; set; }

    public string Window { get; set; }

    public string For { get; set; }

    public string Recover { get; set; }

    public string Sites { get; set; }

    public string Racks { get; set; }

    public string Hosts { get; set; }

    public string Contacts { get; set; }
#pragma warning restore CS1591

    /// <summary>The rule, and everything that is no number although it must be one. What the form does not show stays as it was.</summary>
    public (AlertRule Rule, ImmutableArray<PolicyMistake> Mistakes) Read()
    {
        var mistakes = ImmutableArray.CreateBuilder<PolicyMistake>();
        double Number(string field, string text)
        {
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }

            mistakes.Add(new(field, text, "a number", $"{field} is '{text}'; a number such as 82.5 expected"));
            return 0;
        }

        int Whole(string field, string text)
        {
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }

            mistakes.Add(new(field, text, "a whole number", $"{field} is '{text}'; a whole number of seconds expected"));
            return 60;
        }

        var scope = new AlertScope(List(Sites), List(Racks), List(Hosts), _start.Scope?.Gpus, _start.Scope?.Deployments);
        var rule = _start with
        {
            Name = Name.Trim(), Title = Title.Trim(), Signal = Signal, Per = Per, Statistic = Statistic, Comparison = Comparison, Severity = Severity, NoData = NoData, Enabled = Enabled,
            Description = Description.Trim() is { Length: > 0 } words ? words : null, Threshold = Number("threshold", Threshold), Recovery = string.IsNullOrWhiteSpace(Recovery) ? null : Number("recovery", Recovery),
            WindowSeconds = Whole("window_seconds", Window), ForSeconds = Whole("for_seconds", For), RecoverSeconds = Whole("recover_seconds", Recover),
            Scope = scope == new AlertScope() ? null : scope, ContactPoints = List(Contacts),
        };
        return (rule, mistakes.ToImmutable());
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Join(IReadOnlyList<string>? names) => string.Join(", ", names ?? []);

    private static string[]? List(string text) => text.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } names ? names : null;
}
