using EnergyTTT.Selection.Affinities;

namespace EnergyTTT.Experiments.Decoding;

/// <summary>
/// Requests that wait for a batch. A batch takes those that have waited longest, or, by affinity, the one that has waited longest and the waiting ones that use experts most like it and each other: nobody
/// is passed over for ever, and nobody is seen before he has come.
/// </summary>
/// <param name="usage">Share of each sequence's prompt that used each expert <c>[sequences, cells]</c>; may be empty where nothing is grouped.</param>
/// <param name="sequences">Sequences that there are.</param>
internal sealed class WaitingRoom(float[] usage, int sequences)
{
    private readonly int _cells = usage.Length / Math.Max(1, sequences);
    private readonly List<int> _waiting = [];
    private readonly double[] _sum = new double[usage.Length / Math.Max(1, sequences)];
    private long _arrived;

    /// <summary>Requests that wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>A request has come.</summary>
    public void Enter(int sequence)
    {
        _waiting.Add(sequence);
        _arrived++;
        for (var cell = 0; cell < _cells; cell++)
        {
            _sum[cell] += usage[sequence * _cells + cell];
        }
    }

    /// <summary>Takes a batch out.</summary>
    /// <param name="size">Requests of the batch; at least so many wait.</param>
    /// <param name="byAffinity">Likeness to the oldest; else age.</param>
    public int[] Take(int size, bool byAffinity)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Count);
        if (!byAffinity || size == Count)
        {
            int[] oldest = [.. _waiting.Take(size)];
            _waiting.RemoveRange(0, size);
            return oldest;
        }

        // Centred per expert, on all that have come so far: what every request uses says nothing about which ones are alike (docs/decisions/0052).
        var centred = new float[_waiting.Count * _cells];
        for (var request = 0; request < _waiting.Count; request++)
        {
            for (var cell = 0; cell < _cells; cell++)
            {
                centred[request * _cells + cell] = usage[_waiting[request] * _cells + cell] - (float)(_sum[cell] / _arrived);
            }
        }

        var together = AffinityGrouping.Around(centred, _cells, size);
        var (batch, stay) = (new List<int>(size), new List<int>(_waiting.Count));
        for (var request = 0; request < _waiting.Count; request++)
        {
            (together[request] ? batch : stay).Add(_waiting[request]);
        }

        _waiting.Clear();
        _waiting.AddRange(stay);
        return [.. batch];
    }

    /// <summary>
    /// Batches of a queue that is always full: so many requests wait whenever a batch is formed, until no more come. Each sequence is in exactly one batch.
    /// </summary>
    /// <param name="order">Sequences in the order in which they come; a multiple of the size.</param>
    /// <param name="size">Requests of a batch.</param>
    /// <param name="byAffinity">As in <see cref="Take"/>.</param>
    /// <param name="waiting">Requests that wait when a batch is formed.</param>
    public int[][] Batches(ReadOnlySpan<int> order, int size, bool byAffinity, int waiting)
    {
        var batches = new int[order.Length / size][];
        var next = 0;
        for (var batch = 0; batch < batches.Length; batch++)
        {
            for (; next < order.Length && Count < Math.Max(size, waiting); next++)
            {
                Enter(order[next]);
            }

            batches[batch] = Take(size, byAffinity);
        }

        return batches;
    }

    /// <summary>All sequences in an order that a seed draws.</summary>
    public static int[] Shuffled(int count, int seed)
    {
        var order = Enumerable.Range(0, count).ToArray();
        new Random(seed).Shuffle(order);
        return order;
    }
}
