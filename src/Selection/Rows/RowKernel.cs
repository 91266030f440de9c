using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EnergyTTT.Selection.Lanes;

namespace EnergyTTT.Selection.Rows;

/// <summary>The loops of the selector over one padded row, for one vector width.</summary>
internal static class RowKernel<TLanes, TVector>
    where TLanes : ILanes<TVector>
    where TVector : struct
{
    /// <summary>Turns logits into keys: whatever is a mask becomes <see cref="Row.Masked"/>. Returns the largest. The rows may be the same.</summary>
    public static float Clean(ReadOnlySpan<float> logits, Span<float> keys)
    {
        Debug.Assert(keys.Length % Row.Padding == 0 && logits.Length == keys.Length);
        ref var from = ref MemoryMarshal.GetReference(logits);
        ref var first = ref MemoryMarshal.GetReference(keys);
        var masked = TLanes.All(Row.Masked);
        var largest = masked;
        for (var index = 0; index < keys.Length; index += TLanes.Count)
        {
            var logit = TLanes.Load(ref from, index);
            var key = TLanes.WhereGreater(logit, masked, logit, masked);
            TLanes.Store(key, ref first, index);
            largest = TLanes.Max(largest, key);
        }

        return TLanes.Largest(largest);
    }

    /// <summary>Softmax scores relative to the largest key, which is finite and no mask.</summary>
    public static void Softmax(ReadOnlySpan<float> keys, float largest, Span<float> scores)
    {
        ref var from = ref MemoryMarshal.GetReference(keys);
        ref var to = ref MemoryMarshal.GetReference(scores);
        var top = TLanes.All(largest);
        for (var index = 0; index < keys.Length; index += TLanes.Count)
        {
            TLanes.Store(ExponentialSeries.Of<TLanes, TVector>(TLanes.Subtract(TLanes.Load(ref from, index), top)), ref to, index);
        }
    }

    /// <summary>Sigmoid scores: <c>1 / (1 + e^-|z|)</c>, times <c>e^-|z|</c> for negative z. A mask scores 0.</summary>
    public static void Sigmoid(ReadOnlySpan<float> keys, Span<float> scores)
    {
        ref var from = ref MemoryMarshal.GetReference(keys);
        ref var to = ref MemoryMarshal.GetReference(scores);
        var zero = TLanes.All(0);
        var one = TLanes.All(1);
        for (var index = 0; index < keys.Length; index += TLanes.Count)
        {
            var key = TLanes.Load(ref from, index);
            var decayed = ExponentialSeries.Of<TLanes, TVector>(TLanes.Subtract(zero, TLanes.Absolute(key)));
            var numerator = TLanes.WhereGreater(zero, key, decayed, one);
            TLanes.Store(TLanes.Divide(numerator, TLanes.Add(one, decayed)), ref to, index);
        }
    }

    /// <summary><c>sum (1 - e^x)</c> over logarithms of absence x, at most 0.</summary>
    public static double AbsentExperts(ReadOnlySpan<float> absence)
    {
        ref var from = ref MemoryMarshal.GetReference(absence);
        var one = TLanes.All(1);
        var sum = TLanes.All(0);
        var index = 0;
        for (; index + TLanes.Count <= absence.Length; index += TLanes.Count)
        {
            sum = TLanes.Add(sum, TLanes.Subtract(one, ExponentialSeries.Of<TLanes, TVector>(TLanes.Load(ref from, index))));
        }

        Span<float> lanes = stackalloc float[Row.Padding];
        TLanes.Store(sum, ref MemoryMarshal.GetReference(lanes), 0);
        double total = 0;
        foreach (var lane in lanes[..TLanes.Count])
        {
            total += lane;
        }

        foreach (var rest in absence[index..])
        {
            total += 1 - MathF.Exp(rest);
        }

        return total;
    }

    /// <summary>Sums in sixteen fixed lanes, so that every width rounds alike.</summary>
    public static float Sum(ReadOnlySpan<float> values)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        Span<float> lanes = stackalloc float[Row.Padding];
        ref var lane = ref MemoryMarshal.GetReference(lanes);
        for (var part = 0; part < Row.Padding; part += TLanes.Count)
        {
            var sum = TLanes.All(0);
            for (var index = part; index < values.Length; index += Row.Padding)
            {
                sum = TLanes.Add(sum, TLanes.Load(ref first, index));
            }

            TLanes.Store(sum, ref lane, part);
        }

        for (var width = Row.Padding / 2; width > 0; width /= 2)
        {
            for (var index = 0; index < width; index++)
            {
                lanes[index] += lanes[index + width];
            }
        }

        return lanes[0];
    }

    /// <summary><c>keys = from * factor + bias</c> where <paramref name="plain"/> is no mask, else the mask; padding stays excluded.</summary>
    public static void Shift(ReadOnlySpan<float> plain, ReadOnlySpan<float> bias, Span<float> keys)
    {
        ref var from = ref MemoryMarshal.GetReference(plain);
        ref var by = ref MemoryMarshal.GetReference(bias);
        ref var to = ref MemoryMarshal.GetReference(keys);
        var masked = TLanes.All(Row.Masked);
        for (var index = 0; index < plain.Length; index += TLanes.Count)
        {
            var key = TLanes.Load(ref from, index);
            TLanes.Store(TLanes.WhereGreater(key, masked, TLanes.Add(key, TLanes.Load(ref by, index)), key), ref to, index);
        }
    }

    /// <summary><c>keys = scores * factor</c> where <paramref name="logits"/> is no mask, else the mask.</summary>
    public static void Scale(ReadOnlySpan<float> logits, ReadOnlySpan<float> scores, float factor, Span<float> keys)
    {
        ref var cleaned = ref MemoryMarshal.GetReference(logits);
        ref var from = ref MemoryMarshal.GetReference(scores);
        ref var to = ref MemoryMarshal.GetReference(keys);
        var masked = TLanes.All(Row.Masked);
        var scale = TLanes.All(factor);
        for (var index = 0; index < keys.Length; index += TLanes.Count)
        {
            var key = TLanes.Load(ref cleaned, index);
            TLanes.Store(TLanes.WhereGreater(key, masked, TLanes.Multiply(TLanes.Load(ref from, index), scale), key), ref to, index);
        }
    }

    /// <summary><c>round(scores * factor)</c>, halves to even.</summary>
    public static void Quantise(ReadOnlySpan<float> scores, float factor, float limit, Span<int> shares)
    {
        ref var from = ref MemoryMarshal.GetReference(scores);
        ref var to = ref MemoryMarshal.GetReference(shares);
        var scale = TLanes.All(factor);
        var most = TLanes.All(limit);
        for (var index = 0; index < scores.Length; index += TLanes.Count)
        {
            var share = TLanes.Multiply(TLanes.Load(ref from, index), scale);
            TLanes.StoreRounded(TLanes.WhereGreater(share, most, most, share), ref to, index);
        }
    }

    /// <summary><c>capped = cap &gt; 0 ? key : excluded</c>: keeps the keys of the experts that are present.</summary>
    public static void Cap(ReadOnlySpan<float> keys, ReadOnlySpan<float> caps, Span<float> capped)
    {
        ref var from = ref MemoryMarshal.GetReference(keys);
        ref var cap = ref MemoryMarshal.GetReference(caps);
        ref var to = ref MemoryMarshal.GetReference(capped);
        var zero = TLanes.All(0);
        var excluded = TLanes.All(Row.Excluded);
        for (var index = 0; index < keys.Length; index += TLanes.Count)
        {
            TLanes.Store(TLanes.WhereGreater(TLanes.Load(ref cap, index), zero, TLanes.Load(ref from, index), excluded), ref to, index);
        }
    }

    /// <summary>The first index of the largest key, or -1 when every key is excluded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOfLargest(ReadOnlySpan<float> keys)
    {
        ref var first = ref MemoryMarshal.GetReference(keys);
        var a = TLanes.Load(ref first, 0);
        var b = a;
        var index = TLanes.Count;
        for (; index + TLanes.Count < keys.Length; index += 2 * TLanes.Count)
        {
            a = TLanes.Max(a, TLanes.Load(ref first, index));
            b = TLanes.Max(b, TLanes.Load(ref first, index + TLanes.Count));
        }

        if (index < keys.Length)
        {
            a = TLanes.Max(a, TLanes.Load(ref first, index));
        }

        var largest = TLanes.Largest(TLanes.Max(a, b));
        if (largest == Row.Excluded)
        {
            return -1;
        }

        var wanted = TLanes.All(largest);
        for (index = 0; ; index += TLanes.Count)
        {
            var bits = TLanes.EqualBits(TLanes.Load(ref first, index), wanted);
            if (bits != 0)
            {
                return index + BitOperations.TrailingZeroCount(bits);
            }
        }
    }

    /// <summary>Writes the indices of the largest keys, best first. Returns how many there were. The keys are overwritten.</summary>
    public static int Take(Span<float> keys, Span<int> chosen)
    {
        if (keys.Length <= 4 * TLanes.Count && TLanes.Count == Row.Padding && TakeFew(keys, chosen))
        {
            return chosen.Length;
        }

        for (var slot = 0; slot < chosen.Length; slot++)
        {
            var best = IndexOfLargest(keys);
            if (best < 0)
            {
                return slot;
            }

            chosen[slot] = best;
            keys[best] = Row.Excluded;
        }

        return chosen.Length;
    }

    /// <summary>The largest and the second largest key of a whole number of vectors.</summary>
    public static (float First, float Second) TopTwo(ReadOnlySpan<float> keys)
    {
        ref var from = ref MemoryMarshal.GetReference(keys);
        var excluded = TLanes.All(Row.Excluded);
        var best = TLanes.Load(ref from, 0);
        var next = excluded;
        for (var index = TLanes.Count; index < keys.Length; index += TLanes.Count)
        {
            var key = TLanes.Load(ref from, index);
            next = TLanes.Max(next, TLanes.Min(best, key));
            best = TLanes.Max(best, key);
        }

        var first = TLanes.Largest(best);
        var top = TLanes.All(first);
        var second = BitOperations.PopCount(TLanes.EqualBits(best, top)) > 1
            ? first
            : TLanes.Largest(TLanes.Max(next, TLanes.WhereEqual(best, top, excluded, best)));

        return (first, second);
    }

    // The whole row in four registers. Excluding by value keeps the index off the critical path; a tie gives up, and the row is still as it was.
    private static bool TakeFew(ReadOnlySpan<float> keys, Span<int> chosen)
    {
        ref var first = ref MemoryMarshal.GetReference(keys);
        var excluded = TLanes.All(Row.Excluded);
        var a = TLanes.Load(ref first, 0);
        var b = keys.Length > TLanes.Count ? TLanes.Load(ref first, TLanes.Count) : excluded;
        var c = keys.Length > 2 * TLanes.Count ? TLanes.Load(ref first, 2 * TLanes.Count) : excluded;
        var d = keys.Length > 3 * TLanes.Count ? TLanes.Load(ref first, 3 * TLanes.Count) : excluded;
        for (var slot = 0; slot < chosen.Length; slot++)
        {
            var top = TLanes.All(TLanes.Largest(TLanes.Max(TLanes.Max(a, b), TLanes.Max(c, d))));
            var bits = TLanes.EqualBits(a, top)
                | ((ulong)TLanes.EqualBits(b, top) << Row.Padding)
                | ((ulong)TLanes.EqualBits(c, top) << (2 * Row.Padding))
                | ((ulong)TLanes.EqualBits(d, top) << (3 * Row.Padding));
            if ((bits & (bits - 1)) != 0)
            {
                return false;
            }

            chosen[slot] = BitOperations.TrailingZeroCount(bits);
            a = TLanes.WhereEqual(a, top, excluded, a);
            b = TLanes.WhereEqual(b, top, excluded, b);
            c = TLanes.WhereEqual(c, top, excluded, c);
            d = TLanes.WhereEqual(d, top, excluded, d);
        }

        return true;
    }

    /// <summary>The sums <c>sum s h</c> and <c>sum s (1 + h) b</c>, h = e^b - 1, of the divergence of a softmax gate.</summary>
    public static (float Tilted, float Moved) Tilt(ReadOnlySpan<float> scores, ReadOnlySpan<float> growth, ReadOnlySpan<float> bias)
    {
        ref var s = ref MemoryMarshal.GetReference(scores);
        ref var g = ref MemoryMarshal.GetReference(growth);
        ref var b = ref MemoryMarshal.GetReference(bias);
        var tilted = TLanes.All(0);
        var moved = TLanes.All(0);
        for (var index = 0; index < scores.Length; index += TLanes.Count)
        {
            var score = TLanes.Load(ref s, index);
            var grown = TLanes.Multiply(score, TLanes.Load(ref g, index));
            tilted = TLanes.Add(tilted, grown);
            moved = TLanes.Fuse(TLanes.Add(score, grown), TLanes.Load(ref b, index), moved);
        }

        Span<float> lanes = stackalloc float[Row.Padding];
        ref var lane = ref MemoryMarshal.GetReference(lanes);
        TLanes.Store(tilted, ref lane, 0);
        var sum = 0f;
        for (var index = 0; index < TLanes.Count; index++)
        {
            sum += lanes[index];
        }

        TLanes.Store(moved, ref lane, 0);
        var second = 0f;
        for (var index = 0; index < TLanes.Count; index++)
        {
            second += lanes[index];
        }

        return (sum, second);
    }
}
