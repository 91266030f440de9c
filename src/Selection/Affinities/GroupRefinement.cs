using EnergyTTT.Selection.Signatures;

namespace EnergyTTT.Selection.Affinities;

/// <summary>
/// Improves groups by exchanging two requests of different groups as long as that lowers the distinct experts that all groups together are expected to
/// read. Exchanges keep the sizes of the groups, so a bound on the number of requests holds as before.
/// </summary>
public static class GroupRefinement
{
    /// <summary>Exchanges in place.</summary>
    /// <param name="usage">q [requests, cells]: the probability that a token uses each expert of each layer, in [0, 1].</param>
    /// <param name="groups">The group of each request, 0 to the number of groups - 1; changed in place.</param>
    /// <param name="sweeps">At most so many passes over all pairs.</param>
    /// <param name="cancellationToken">Looked at between requests.</param>
    /// <returns>The expected distinct experts per group, summed over layers, before and after.</returns>
    public static (double Before, double After) Exchange(ReadOnlySpan<float> usage, Span<int> groups, int sweeps = 10, CancellationToken cancellationToken = default)
    {
        if (groups.IsEmpty || usage.Length % groups.Length != 0)
        {
            throw new ArgumentException($"{usage.Length} numbers are no usage of {groups.Length} requests.", nameof(usage));
        }

        var cells = usage.Length / groups.Length;
        var absence = new float[usage.Length];
        ExtraExperts.AddAbsence(usage, absence);
        var count = 0;
        foreach (var group in groups)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(group, nameof(groups));
            count = Math.Max(count, group + 1);
        }

        var together = new float[count * cells];
        for (var request = 0; request < groups.Length; request++)
        {
            Add(together.AsSpan(groups[request] * cells, cells), absence.AsSpan(request * cells, cells), 1);
        }

        var costs = new double[count];
        for (var group = 0; group < count; group++)
        {
            costs[group] = ExtraExperts.Distinct(together.AsSpan(group * cells, cells), 1);
        }

        var before = costs.Sum() / count;
        var tried = new float[cells];
        for (var sweep = 0; sweep < sweeps; sweep++)
        {
            var exchanged = false;
            for (var one = 0; one < groups.Length; one++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                for (var other = one + 1; other < groups.Length; other++)
                {
                    int a = groups[one], b = groups[other];
                    if (a == b)
                    {
                        continue;
                    }

                    var mine = absence.AsSpan(one * cells, cells);
                    var theirs = absence.AsSpan(other * cells, cells);
                    var left = Cost(together.AsSpan(a * cells, cells), mine, theirs, tried);
                    var right = Cost(together.AsSpan(b * cells, cells), theirs, mine, tried);
                    if (left + right < costs[a] + costs[b] - 1e-3)
                    {
                        (costs[a], costs[b]) = (left, right);
                        Move(together.AsSpan(a * cells, cells), mine, theirs);
                        Move(together.AsSpan(b * cells, cells), theirs, mine);
                        (groups[one], groups[other]) = (b, a);
                        exchanged = true;
                    }
                }
            }

            if (!exchanged)
            {
                break;
            }
        }

        return (before, costs.Sum() / count);
    }

    private static double Cost(ReadOnlySpan<float> group, ReadOnlySpan<float> leaving, ReadOnlySpan<float> joining, Span<float> tried)
    {
        for (var cell = 0; cell < group.Length; cell++)
        {
            tried[cell] = MathF.Min(0, group[cell] - leaving[cell] + joining[cell]);
        }

        return Rows.RowMath.AbsentExperts(tried);
    }

    private static void Move(Span<float> group, ReadOnlySpan<float> leaving, ReadOnlySpan<float> joining)
    {
        Add(group, leaving, -1);
        Add(group, joining, 1);
    }

    private static void Add(Span<float> group, ReadOnlySpan<float> absence, int sign)
    {
        for (var cell = 0; cell < group.Length; cell++)
        {
            group[cell] += sign * absence[cell];
        }
    }
}
