using System.Collections.Immutable;
using EnergyTTT.History.Deployments;

namespace EnergyTTT.Portal.Deployments;

/// <summary>
/// A ledger summed over its minutes, joules. Where the GPUs counted, experts + idle + residual is the counter exactly; where they did
/// not, counter and residual are null, never 0.
/// </summary>
public sealed record EnergyBalance
{
    private const int WholeModel = -1;

    private EnergyBalance()
    {
    }

    /// <summary>Finished minutes behind the sums.</summary>
    public int Minutes { get; private init; }

    /// <summary>Minutes without a counter: none of their joules stands in <see cref="CounterJoules"/>.</summary>
    public int MinutesWithoutCounter { get; private init; }

    /// <summary>Tokens completed.</summary>
    public long Tokens { get; private init; }

    /// <summary>What the GPUs counted; null when they did not in some minute.</summary>
    public double? CounterJoules { get; private init; }

    /// <summary>What the cost table explains by experts; 0 without a table.</summary>
    public double ExpertJoules { get; private init; }

    /// <summary>What the GPUs would have taken idling; null when that is not known in some minute.</summary>
    public double? IdleJoules { get; private init; }

    /// <summary>Neither experts nor idling: attention, transfers, the table's error; negative when the table says more than was counted. Null without a counter.</summary>
    public double? ResidualJoules => CounterJoules - ExpertJoules - (IdleJoules ?? 0);

    /// <summary>The layers in order.</summary>
    public ImmutableArray<LayerBalance> Layers { get; private init; } = [];

    /// <summary>Sums the entries of any minutes and layers.</summary>
    public static EnergyBalance Of(IReadOnlyList<LedgerEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var whole = entries.Where(entry => entry.Layer == WholeModel).ToList();
        return new EnergyBalance
        {
            Minutes = whole.Count,
            MinutesWithoutCounter = whole.Count(entry => entry.CounterJoules is null),
            Tokens = whole.Sum(entry => entry.Tokens),
            CounterJoules = Sum(whole, entry => entry.CounterJoules),
            ExpertJoules = whole.Sum(entry => entry.AttributedJoules),
            IdleJoules = Sum(whole, entry => entry.IdleJoules),
            Layers = [.. entries.Where(entry => entry.Layer != WholeModel).GroupBy(entry => entry.Layer).OrderBy(group => group.Key).Select(LayerBalance.Of)],
        };
    }

    private static double? Sum(List<LedgerEntry> entries, Func<LedgerEntry, double?> part) =>
        entries.Count > 0 && entries.All(entry => part(entry) is not null) ? entries.Sum(part) : null;
}

/// <summary>One layer of an <see cref="EnergyBalance"/>.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Tokens">Tokens that passed it.</param>
/// <param name="Joules">Joules of its experts by the cost table.</param>
/// <param name="ExpertJoules">The same by expert.</param>
public sealed record LayerBalance(int Layer, long Tokens, double Joules, ImmutableArray<double> ExpertJoules)
{
    internal static LayerBalance Of(IGrouping<int, LedgerEntry> minutes)
    {
        var experts = new double[minutes.Max(entry => entry.ExpertJoules.Length)];
        foreach (var entry in minutes)
        {
            for (var expert = 0; expert < entry.ExpertJoules.Length; expert++)
            {
                experts[expert] += entry.ExpertJoules[expert];
            }
        }

        return new(minutes.Key, minutes.Sum(entry => entry.Tokens), minutes.Sum(entry => entry.AttributedJoules), [.. experts]);
    }
}
