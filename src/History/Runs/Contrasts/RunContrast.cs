using System.Collections.Immutable;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Runs.Contrasts;

/// <summary>Runs side by side: what tells them apart, and how their arms differ from those of the first, the baseline. Numbers of different origin are shown and never set into one figure.</summary>
/// <param name="Runs">The runs; the first is the baseline.</param>
/// <param name="Settings">Parameters, tags and lines of receipts that are not the same in all of them.</param>
/// <param name="Same">How many settings are the same in all of them.</param>
/// <param name="Metrics">All figures that any of them has.</param>
/// <param name="Arms">Arms of the same name.</param>
public sealed record RunContrast(ImmutableArray<RunDescription> Runs, ImmutableArray<SettingContrast> Settings, int Same, ImmutableArray<MetricContrast> Metrics, ImmutableArray<ArmContrast> Arms)
{
    /// <summary>Why there is no difference: the numbers are of different origin.</summary>
    public const string DifferentOrigin = "different_origin";

    /// <summary>Why there is no difference: one of the two has no number.</summary>
    public const string NoNumber = "no_number";

    /// <summary>Why there is no interval: one of the two has none.</summary>
    public const string NoInterval = "no_interval";
}

/// <summary>A setting that is not the same everywhere.</summary>
/// <param name="Name">Its field.</param>
/// <param name="Values">Per run, as a person would write it; null where the run has none.</param>
public sealed record SettingContrast(string Name, ImmutableArray<string?> Values);

/// <summary>A figure of the runs.</summary>
/// <param name="Name">Its field.</param>
/// <param name="Values">Per run; null where it has none.</param>
/// <param name="Differences">Per run, value - baseline; null for the baseline itself, without a number, and where origins differ.</param>
public sealed record MetricContrast(string Name, ImmutableArray<double?> Values, ImmutableArray<double?> Differences);

/// <summary>The arms of one name.</summary>
/// <param name="Name">Their name.</param>
/// <param name="Arms">Per run; null where it has none of the name.</param>
/// <param name="Changes">Per run, its joules per token against the baseline's; null for the baseline itself.</param>
public sealed record ArmContrast(string Name, ImmutableArray<RunArm?> Arms, ImmutableArray<EnergyChange?> Changes);

/// <summary>
/// How much more (positive) or less energy per token an arm of one run took than the same arm of the baseline. It is no saving: runs are not paired, so only what was compared within a run is proven.
/// The 95 % interval is made of the two arms' own: with half widths h of the logarithms, <c>exp(d ± sqrt(h1² + h2²)) - 1</c>, d the log ratio.
/// </summary>
/// <param name="Percent">Percent more energy per token; null where there is no honest number.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
/// <param name="Origin">The weaker of the two origins; null where they differ.</param>
/// <param name="Reason">A stable word why something is missing; null when nothing is.</param>
public sealed record EnergyChange(double? Percent, double? Low, double? High, Origin? Origin, string? Reason)
{
    /// <summary>Of two arms.</summary>
    public static EnergyChange Of(RunArm? baseline, RunArm? arm)
    {
        if (baseline?.JoulesPerToken is not > 0 || arm?.JoulesPerToken is not > 0)
        {
            return new(null, null, null, null, RunContrast.NoNumber);
        }

        if (baseline.Origin != arm.Origin)
        {
            return new(null, null, null, null, RunContrast.DifferentOrigin);
        }

        var ratio = Math.Log(arm.JoulesPerToken.Value / baseline.JoulesPerToken.Value);
        if (HalfWidth(baseline) is not { } first || HalfWidth(arm) is not { } second)
        {
            return new(100 * double.ExpM1(ratio), null, null, arm.Origin, RunContrast.NoInterval);
        }

        var half = double.Hypot(first, second);
        return new(100 * double.ExpM1(ratio), 100 * double.ExpM1(ratio - half), 100 * double.ExpM1(ratio + half), arm.Origin, null);
    }

    private static double? HalfWidth(RunArm arm) => arm is { JoulesPerTokenLow: > 0 and var low, JoulesPerTokenHigh: { } high } && high >= low ? Math.Log(high / low) / 2 : null;
}
