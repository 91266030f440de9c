using EnergyTTT.Routing.Losses;

namespace EnergyTTT.Routing.Learning;

/// <summary>
/// A bounded sample of the gates of the last chunk, each row with the features of its step. Reservoir sampling (Vitter's algorithm R) keeps it a fair sample when the chunk has more rows than
/// fit. Not thread-safe.
/// </summary>
internal sealed class ChunkBuffer(int experts, int inputs, int capacity, ulong seed)
{
    private readonly float[] _probabilities = new float[capacity * experts];
    private readonly float[] _features = new float[capacity * inputs];
    private readonly long[] _tokens = new long[capacity];
    private readonly Queue<(long Token, int Rows)> _arrivals = new();
    private long _arrived;
    private ulong _random = seed;

    /// <summary>Rows held.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the rows of one step.</summary>
    /// <param name="token">Tokens seen up to the end of the step: its age, and what tells it from other steps.</param>
    public void Add(GateSample rows, ReadOnlySpan<float> features, long token)
    {
        _arrivals.Enqueue((token, rows.Count));
        for (var row = 0; row < rows.Count; row++)
        {
            _arrived++;
            var slot = Count < capacity ? Count++ : (long)(Next() * _arrived);
            if (slot >= capacity)
                continue;
            rows.Row(row).CopyTo(_probabilities.AsSpan((int)slot * experts));
            features.CopyTo(_features.AsSpan((int)slot * inputs));
            _tokens[slot] = token;
        }
    }

    /// <summary>Forgets steps that ended at or before a token.</summary>
    public void Expire(long token)
    {
        while (_arrivals.TryPeek(out var oldest) && oldest.Token <= token)
            _arrived -= _arrivals.Dequeue().Rows;
        for (var row = Count - 1; row >= 0; row--)
        {
            if (_tokens[row] > token)
                continue;
            Count--;
            _probabilities.AsSpan(Count * experts, experts).CopyTo(_probabilities.AsSpan(row * experts));
            _features.AsSpan(Count * inputs, inputs).CopyTo(_features.AsSpan(row * inputs));
            _tokens[row] = _tokens[Count];
        }
    }

    /// <summary>Copies at most <paramref name="most"/> rows, evenly spread, into an empty sample.</summary>
    public void CopyTo(GateSample sample, int most)
    {
        sample.Clear();
        var taken = Math.Min(most, Count);
        for (var i = 0; i < taken; i++)
            sample.AddProbabilities(Probabilities((int)((long)i * Count / taken)));
    }

    public ReadOnlySpan<float> Probabilities(int row) => _probabilities.AsSpan(row * experts, experts);

    public ReadOnlySpan<float> Features(int row) => _features.AsSpan(row * inputs, inputs);

    /// <summary>The rows of each step, steps in order of time.</summary>
    public IEnumerable<int[]> Steps() => Enumerable.Range(0, Count).GroupBy(row => _tokens[row]).OrderBy(step => step.Key).Select(step => step.ToArray());

    public ChunkBufferState Snapshot() => new(
        _probabilities[..(Count * experts)], _features[..(Count * inputs)], _tokens[..Count], [.. _arrivals.Select(a => a.Token)], [.. _arrivals.Select(a => a.Rows)], _random);

    public void Restore(ChunkBufferState state)
    {
        Count = state.Tokens.Length;
        state.Probabilities.CopyTo(_probabilities, 0);
        state.Features.CopyTo(_features, 0);
        state.Tokens.CopyTo(_tokens, 0);
        _arrivals.Clear();
        foreach (var arrival in state.ArrivalTokens.Zip(state.ArrivalRows))
            _arrivals.Enqueue(arrival);
        _arrived = state.ArrivalRows.Sum(rows => (long)rows);
        _random = state.Random;
    }

    // SplitMix64, upper 53 bits: a generator whose whole state is one number.
    private double Next()
    {
        _random += 0x9E3779B97F4A7C15;
        var z = _random;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}

/// <summary>What a chunk buffer holds, as plain arrays.</summary>
/// <param name="Probabilities"><c>[rows, experts]</c>.</param>
/// <param name="Features"><c>[rows, inputs]</c>.</param>
/// <param name="Tokens">Tokens seen at the end of each row's step.</param>
/// <param name="ArrivalTokens">The same for every step of the chunk, kept rows or not.</param>
/// <param name="ArrivalRows">Rows that each of those steps brought.</param>
/// <param name="Random">State of the generator.</param>
public sealed record ChunkBufferState(float[] Probabilities, float[] Features, long[] Tokens, long[] ArrivalTokens, int[] ArrivalRows, ulong Random);
