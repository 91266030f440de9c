using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Portal.Components.Controls;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Portal.Deployments;

/// <summary>What may be said of a saving, in words: only a measured and significant one is called saved.</summary>
/// <param name="Word">Such as <c>saved</c>, <c>inconclusive</c> or <c>simulated effect</c>.</param>
/// <param name="Detail">The interval and the pairs behind it.</param>
/// <param name="IsProven">Whether it is a measured saving or a measured loss.</param>
public sealed record SavingWords(string Word, string Detail, bool IsProven)
{
    /// <summary>The words for a saving; null is one of which nothing is known yet.</summary>
    public static SavingWords Of(SavingView? saving, Display display)
    {
        ArgumentNullException.ThrowIfNull(display);
        if (saving is null)
        {
            return new("inconclusive", "no pair of steered and held-out blocks yet", false);
        }

        var interval = saving is { Low: { } low, High: { } high }
            ? $"95 %: {display.Plain(low, "").Text} to {display.Plain(high, "").Text} %, {saving.Pairs} pairs"
            : $"{saving.Pairs} {(saving.Pairs == 1 ? "pair" : "pairs")}, too few for an interval";
        var verdict = Enum.TryParse<Verdict>(saving.Verdict, ignoreCase: true, out var known) ? known : Verdict.Inconclusive;
        return verdict switch
        {
            Verdict.Saving => new("saved", interval, true),
            Verdict.Loss => new("lost", interval, true),
            Verdict.NoSignificantSaving => new("no significant saving", interval, false),
            Verdict.NotMeasured => new($"{OriginBadge.Name(saving.Origin)} effect", interval, false),
            _ => new("inconclusive", interval, false),
        };
    }
}
