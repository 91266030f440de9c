using System.Collections.Immutable;

namespace EnergyTTT.Grains.Routers;

/// <summary>Share of slots per expert over the recent past, for people: a mean that forgets with a half-life of some 35 chunks.</summary>
internal sealed class UsageShare
{
    private const double Kept = 0.98;

    private double[] _share = [];

    public ImmutableArray<double> Shares => [.. _share];

    public void Add(IReadOnlyList<long> counts)
    {
        var slots = counts.Sum();
        if (slots == 0)
        {
            return;
        }

        if (_share.Length != counts.Count)
        {
            _share = [.. counts.Select(count => (double)count / slots)];
            return;
        }

        for (var expert = 0; expert < _share.Length; expert++)
        {
            _share[expert] = (Kept * _share[expert]) + ((1 - Kept) * counts[expert] / slots);
        }
    }
}
