using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.History.Runs.Contrasts;

/// <summary>Sets runs side by side.</summary>
public static class RunContrasts
{
    /// <summary>The runs that can stand side by side.</summary>
    public const int MostRuns = 16;

    /// <summary>Sets runs side by side; the first is the baseline.</summary>
    /// <exception cref="ArgumentException">None, or more than <see cref="MostRuns"/>.</exception>
    public static RunContrast Of(IReadOnlyList<RunBundle> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count is 0 or > MostRuns)
        {
            throw new ArgumentException($"{runs.Count} runs: 1 to {MostRuns} expected", nameof(runs));
        }

        var facts = runs.Select(run => RunFacts.Of(run).ToDictionary(fact => fact.Name, StringComparer.Ordinal)).ToList();
        var names = facts.SelectMany(of => of.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var settings = names.Where(name => !name.StartsWith("metric.", StringComparison.Ordinal))
            .Select(name => new SettingContrast(name, [.. facts.Select(of => of.TryGetValue(name, out var fact) ? Text(fact) : null)])).ToList();
        var apart = settings.Where(setting => setting.Values.Distinct().Count() > 1).ToImmutableArray();
        return new(
            [.. runs.Select(run => run.Run)],
            apart,
            settings.Count - apart.Length,
            [.. names.Where(name => name.StartsWith("metric.", StringComparison.Ordinal)).Select(name => Metric(name, runs, facts))],
            [.. runs.SelectMany(run => run.Arms.Select(arm => arm.Name)).Distinct(StringComparer.Ordinal).Select(name => Arm(name, runs))]);
    }

    private static MetricContrast Metric(string name, IReadOnlyList<RunBundle> runs, List<Dictionary<string, RunFact>> facts)
    {
        ImmutableArray<double?> values = [.. facts.Select(of => of.TryGetValue(name, out var fact) ? fact.Number : null)];
        return new(name, values, [.. values.Select((value, run) => run > 0 && runs[run].Run.Origin == runs[0].Run.Origin ? value - values[0] : null)]);
    }

    private static ArmContrast Arm(string name, IReadOnlyList<RunBundle> runs)
    {
        ImmutableArray<RunArm?> arms = [.. runs.Select(run => run.Arms.FirstOrDefault(arm => arm.Name == name))];
        return new(name, arms, [.. arms.Select((arm, run) => run > 0 ? EnergyChange.Of(arms[0], arm) : null)]);
    }

    private static string Text(RunFact fact) =>
        fact.Number?.ToString("R", CultureInfo.InvariantCulture) ?? (fact.Flag is { } flag ? (flag ? "true" : "false") : fact.Text ?? fact.Moment?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture) ?? "");
}
