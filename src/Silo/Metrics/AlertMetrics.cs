using EnergyTTT.Contracts.Alerts;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.Silo.Metrics;

/// <summary>The families of alerts: how many things are in each state, by rule.</summary>
internal static class AlertMetrics
{
    /// <summary>Writes the family.</summary>
    public static void Write(Exposition page, IReadOnlyCollection<AlertCount> counts)
    {
        page.Family("energyttt_alerts", "gauge", "Things by state under each alert rule; state error counts rules that could not be looked at.");
        foreach (var count in counts)
        {
            page.Sample(count.Count, "rule", count.Rule, "severity", count.Severity.ToString().ToLowerInvariant(), "state", AlertRuleView.Word(count.State));
        }
    }
}
