using System.Numerics;
using EnergyTTT.Selection.Signatures;

namespace EnergyTTT.Selection.Affinities;

/// <summary>Puts requests that use the same experts into the same group (replica or micro-batch), no group above its bound.</summary>
public static class AffinityGrouping
{
    /// <summary>
    /// Greedy: the first request without a group opens one and the most similar ones (cosine to the sum of the group) join until it is full.
    /// </summary>
    /// <param name="signatures">[requests, length], any length of signature; projected or whole usage counts.</param>
    /// <param name="length">Numbers in a signature, at least 1.</param>
    /// <param name="loads">Load of each request, above 0 and finite; empty means 1 each.</param>
    /// <param name="bound">The most load of one group; a request heavier than that is refused.</param>
    /// <returns>The group of each request, numbered from 0 in order of opening.</returns>
    /// <exception cref="ArgumentException">Lengths do not fit, a load is not positive, or a request is heavier than the bound.</exception>
    public static int[] Group(ReadOnlySpan<float> signatures, int length, ReadOnlySpan<double> loads, double bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (signatures.Length % length != 0 || (!loads.IsEmpty && loads.Length != signatures.Length / length))
        {
            throw new ArgumentException($"{signatures.Length} numbers and {loads.Length} loads are not requests of {length} numbers each.", nameof(signatures));
        }

        var requests = signatures.Length / length;
        var unit = Normalised(signatures, length);
        var groups = new int[requests];
        Array.Fill(groups, -1);
        var similarity = new double[requests];
        for (int group = 0, first = 0; ; group++)
        {
            while (first < requests && groups[first] >= 0)
            {
                first++;
            }

            if (first == requests)
            {
                return groups;
            }

            Fill(groups, group, first, unit, length, similarity, loads, bound);
        }
    }

    /// <summary>The one group that the first request opens, as <see cref="Group"/> would fill it: the batch that is formed around the request that has waited longest.</summary>
    /// <param name="signatures">As in <see cref="Group"/>; the first is the one that is grouped around.</param>
    /// <param name="length">Numbers in a signature, at least 1.</param>
    /// <param name="size">Requests of the group, 1 or more; all of them where there are fewer.</param>
    /// <returns>Whether each request belongs to it.</returns>
    public static bool[] Around(ReadOnlySpan<float> signatures, int length, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var groups = new int[signatures.Length / length];
        Array.Fill(groups, -1);
        if (groups.Length > 0)
        {
            Fill(groups, 0, 0, Normalised(signatures, length), length, new double[groups.Length], [], size);
        }

        return Array.ConvertAll(groups, group => group == 0);
    }

    private static void Fill(int[] groups, int group, int first, float[] unit, int length, double[] similarity, ReadOnlySpan<double> loads, double bound)
    {
        Array.Clear(similarity);
        double load = 0;
        for (var joining = first; joining >= 0; joining = Best(groups, similarity, loads, bound - load))
        {
            var weight = Load(loads, joining, bound);
            load += weight;
            groups[joining] = group;
            var row = unit.AsSpan(joining * length, length);
            for (var request = 0; request < groups.Length; request++)
            {
                if (groups[request] < 0)
                {
                    similarity[request] += Product(row, unit.AsSpan(request * length, length));
                }
            }
        }
    }

    private static int Best(int[] groups, double[] similarity, ReadOnlySpan<double> loads, double room)
    {
        var best = -1;
        for (var request = 0; request < groups.Length; request++)
        {
            if (groups[request] < 0 && (loads.IsEmpty ? 1 : loads[request]) <= room + 1e-9 && (best < 0 || similarity[request] > similarity[best]))
            {
                best = request;
            }
        }

        return best;
    }

    private static double Load(ReadOnlySpan<double> loads, int request, double bound)
    {
        var load = loads.IsEmpty ? 1 : loads[request];
        if (!(load > 0) || load > bound)
        {
            throw new ArgumentException($"Request {request} has a load of {load}; a load is positive and at most the bound of {bound}.", nameof(loads));
        }

        return load;
    }

    private static float[] Normalised(ReadOnlySpan<float> signatures, int length)
    {
        var unit = new float[signatures.Length];
        for (var start = 0; start < signatures.Length; start += length)
        {
            double squares = 0;
            foreach (var entry in signatures.Slice(start, length))
            {
                squares += (double)entry * entry;
            }

            for (var entry = start; entry < start + length; entry++)
            {
                unit[entry] = squares > 0 ? (float)(signatures[entry] / Math.Sqrt(squares)) : 0;
            }
        }

        return unit;
    }

    private static double Product(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var sums = Vector<float>.Zero;
        var entry = 0;
        for (; entry <= left.Length - Vector<float>.Count; entry += Vector<float>.Count)
        {
            sums += new Vector<float>(left[entry..]) * new Vector<float>(right[entry..]);
        }

        var product = Vector.Sum(sums);
        for (; entry < left.Length; entry++)
        {
            product += left[entry] * right[entry];
        }

        return product;
    }
}
