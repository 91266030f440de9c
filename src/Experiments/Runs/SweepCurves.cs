using EnergyTTT.Experiments.Arms;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Runs;

/// <summary>What a sweep draws: joules per token against perplexity for each strategy, the arms that no other beats in both, and what each strategy takes less at equal quality.</summary>
internal static class SweepCurves
{
    /// <summary>The abscissa of all curves of quality.</summary>
    public const string QualityUnit = "% more perplexity";

    /// <summary>Percent more perplexity at which strategies are held against each other.</summary>
    public static IReadOnlyList<double> Budgets { get; } = [0.25, 0.5, 1, 2];

    /// <summary>The curves of one size; none where no arm is a point of a curve.</summary>
    public static IEnumerable<RunSeries> Of(ExperimentSettings settings, int size, IReadOnlyList<RunArm> arms, IReadOnlyList<RunComparison> comparisons, IReadOnlyList<ArmPlan> plans, Origin origin)
    {
        var figures = arms.ToDictionary(arm => arm.Name, StringComparer.Ordinal);
        var pairs = comparisons.ToDictionary(pair => pair.Treated, StringComparer.Ordinal);
        List<(string Curve, double Quality, double Saving, RunArm Arm)> points = [];
        foreach (var plan in plans.Where(plan => plan.Curve is not null))
        {
            var name = SizeExperiment.NameOf(settings, plan, size);
            if (figures.GetValueOrDefault(name) is { JoulesPerToken: not null } arm && pairs.GetValueOrDefault(name) is { PerplexityPercent: { } quality, SavingPercent: { } saving })
            {
                points.Add((plan.Curve!, quality, saving, arm)); // filtered
            }
        }

        if (points.Count == 0)
        {
            yield break;
        }

        foreach (var curve in points.GroupBy(point => point.Curve))
        {
            var sorted = curve.OrderBy(point => point.Quality).ToList();
            double[] x = [.. sorted.Select(point => point.Quality)];
            yield return new()
            {
                Name = "sweep_joules", Label = $"{curve.Key} @{size}", XUnit = QualityUnit, YUnit = "J/token", Origin = origin, X = x, Y = [.. sorted.Select(point => point.Arm.JoulesPerToken)],
                Low = [.. sorted.Select(point => point.Arm.JoulesPerTokenLow)], High = [.. sorted.Select(point => point.Arm.JoulesPerTokenHigh)],
            };
            yield return new()
            {
                Name = "equal_quality", Label = $"{curve.Key} @{size}", XUnit = QualityUnit, YUnit = "% less J/token", Origin = origin, X = Budgets,
                Y = [.. Budgets.Select(budget => Within(sorted.Select(point => (point.Quality, point.Saving)), budget))],
            };
        }

        // Not beaten: of all arms with no more perplexity none takes fewer joules.
        var front = points.OrderBy(point => point.Quality).ThenByDescending(point => point.Saving).ToList();
        var best = double.NegativeInfinity;
        front.RemoveAll(point =>
        {
            var beaten = point.Saving <= best;
            best = Math.Max(best, point.Saving);
            return beaten;
        });
        yield return new()
        {
            Name = "sweep_joules", Label = $"not beaten by any @{size}", XUnit = QualityUnit, YUnit = "J/token", Origin = origin, X = [.. front.Select(point => point.Quality)], Y = [.. front.Select(point => point.Arm.JoulesPerToken)],
        };
    }

    /// <summary>
    /// The most that a strategy takes less within a budget: between two settings along the line (a strategy may change between them), before the first along the line from plain top-k, and never beyond the
    /// loosest that was tried.
    /// </summary>
    /// <param name="points">Percent more perplexity and percent less joules of each setting.</param>
    /// <param name="budget">Percent more perplexity.</param>
    /// <returns>Percent less joules; null of no points.</returns>
    internal static double? Within(IEnumerable<(double Quality, double Saving)> points, double budget)
    {
        double? best = null;
        var before = (Quality: 0.0, Saving: 0.0);
        foreach (var point in points.OrderBy(point => point.Quality))
        {
            if (point.Quality <= budget)
            {
                best = Math.Max(best ?? double.NegativeInfinity, point.Saving);
                before = point;
                continue;
            }

            var between = double.Lerp(before.Saving, point.Saving, (budget - before.Quality) / (point.Quality - before.Quality));
            return Math.Max(best ?? double.NegativeInfinity, between);
        }

        return best;
    }
}
