using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Wire.Schedules;

namespace EnergyTTT.Wire.Policies;

/// <summary>What must hold between fields, on the values that would be in effect and not only on those that one scope sets.</summary>
internal static class PolicyRules
{
    private const int MostWindows = 32;

    /// <summary>Everything that is wrong with the windows of one document.</summary>
    public static void Schedules(PolicyDocument document, string? scope, ImmutableArray<PolicyMistake>.Builder mistakes)
    {
        if (document.Schedules is not { } windows)
        {
            return;
        }

        if (windows.Count > MostWindows)
        {
            Add(windows.Count, $"at most {MostWindows}", $"schedules holds {windows.Count} windows; at most {MostWindows} may be set");
        }

        foreach (var (window, i) in windows.Select((window, i) => (window, i)))
        {
            var at = $"schedules[{i}]";
            if (window.Name is not { Length: >= 1 and <= 64 } || window.Name.AsSpan().IndexOfAny('|', '\n', '\r') >= 0 || window.Name.Trim() != window.Name || window.Name == PolicySchedules.None)
            {
                Add(window.Name, "1 to 64 characters", $"{at}.name is '{window.Name}'; 1 to 64 characters without '|', line breaks or blanks at its ends expected, and not the word 'none'");
            }
            else if (windows.Take(i).Any(other => other.Name == window.Name))
            {
                Add(window.Name, "names that differ", $"{at}.name is '{window.Name}', as that of a window before it; give each its own");
            }

            foreach (var (field, value, bound, expected) in new CronWindow(window.Cron, window.TimeZone, window.DurationMinutes).Mistakes())
            {
                Add(value, bound, string.Create(CultureInfo.InvariantCulture, $"{at}.{field} is {(value is string or null ? $"'{value}'" : value)}; {expected}"));
            }

            if (window.Set is null || window.Set == new PolicyDocument())
            {
                Add("", "at least one field", $"{at}.set is empty; a window must set at least one field");
                continue;
            }

            if (window.Set.Schedules is not null)
            {
                Add("", "other fields", $"{at}.set holds schedules; a window cannot open windows");
                continue;
            }

            if (window.Set.Approval is not null)
            {
                Add("", "other fields", $"{at}.set holds approval; who must approve a change does not depend on the time");
                continue;
            }

            foreach (var mistake in PolicyCatalogue.Validate(window.Set, scope))
            {
                mistakes.Add(mistake with { Field = "schedules", Reason = $"{at}.set: {mistake.Reason}" });
            }
        }

        void Add(object? value, string bound, string reason) => mistakes.Add(new("schedules", Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", bound, reason));
    }

    /// <summary>Everything that does not fit together in a policy of routing.</summary>
    public static IEnumerable<PolicyMistake> Between(EffectivePolicy policy, bool hasObjective)
    {
        if (!hasObjective)
        {
            yield return new("energy_weight", "0", "above 0", "all five weights in effect are 0, so there would be no objective; give at least one weight above 0");
        }

        if (policy.TttUpdateFrequency > policy.TttChunkSize)
        {
            yield return Mistake("ttt_update_frequency", policy.TttUpdateFrequency, $"at most {policy.TttChunkSize}", $"ttt_update_frequency is {policy.TttUpdateFrequency}, more than the {policy.TttChunkSize} tokens of ttt_chunk_size in effect; lower it or raise the chunk");
        }

        if (!policy.ExperimentsAllowed && policy.HoldOutShare > 0)
        {
            yield return Mistake("hold_out_share", policy.HoldOutShare, "0", "hold_out_share is above 0 although experiments_allowed is false; set it to 0 (savings are then no longer measured) or allow experiments");
        }

        if (!policy.ExperimentsAllowed && policy.Promotion == PromotionEvidence.Measured)
        {
            yield return Mistake("promotion", "measured", "immediate", "promotion is measured, which takes a canary, although experiments_allowed is false; set it to immediate or allow experiments");
        }
    }

    /// <summary>Everything that does not fit together in a policy of the hardware.</summary>
    public static IEnumerable<PolicyMistake> Between(HardwarePolicy policy)
    {
        var (warm, hot, critical, hysteresis) = (policy.ThermalWarmCelsius, policy.ThermalHotCelsius, policy.ThermalCriticalCelsius, policy.ThermalHysteresisCelsius);
        if (!(warm < hot))
        {
            yield return Mistake("thermal_hot_celsius", hot, $"above {Text(warm)}", $"thermal_hot_celsius is {Text(hot)}, not above thermal_warm_celsius {Text(warm)}; the thresholds must rise from warm to hot to critical");
        }

        if (!(hot < critical))
        {
            yield return Mistake("thermal_critical_celsius", critical, $"above {Text(hot)}", $"thermal_critical_celsius is {Text(critical)}, not above thermal_hot_celsius {Text(hot)}; the thresholds must rise from warm to hot to critical");
        }

        if (warm < hot && hot < critical && hysteresis >= Math.Min(hot - warm, critical - hot))
        {
            yield return Mistake("thermal_hysteresis_celsius", hysteresis, $"below {Text(Math.Min(hot - warm, critical - hot))}", $"thermal_hysteresis_celsius is {Text(hysteresis)}; it must be less than the {Text(Math.Min(hot - warm, critical - hot))} degrees between two thresholds, else a state is never left for the next cooler one");
        }

        if (policy.PowerCapMode == PowerCapMode.Enforce && policy.PowerCapRatio >= 1)
        {
            yield return Mistake("power_cap_ratio", policy.PowerCapRatio, "below 1", "power_cap_mode is enforce although power_cap_ratio is 1, which is no cap; set a ratio below 1 or go back to advise");
        }
    }

    private static PolicyMistake Mistake(string field, object value, string bound, string reason) => new(field, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", bound, reason);

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
