namespace EnergyTTT.Selection.Selectors;

/// <summary>Finds the best experts of a row of keys. Ties go to the lower index.</summary>
internal static class TopK
{
    /// <summary>A key that is never chosen: below every mask.</summary>
    public const float Excluded = float.NegativeInfinity;

    /// <summary>The key of a masked expert: chosen only when nothing else is left.</summary>
    public const float Masked = float.MinValue;

    /// <summary>
    /// Writes the indices of the largest keys, best first, and overwrites their keys with <see cref="Excluded"/>.
    /// </summary>
    /// <returns>How many were found: fewer than asked when the rest is excluded.</returns>
    public static int Take(Span<float> keys, Span<int> chosen)
    {
        for (var slot = 0; slot < chosen.Length; slot++)
        {
            var best = IndexOfMaximum(keys);
            if (best < 0)
            {
                return slot;
            }

            chosen[slot] = best;
            keys[best] = Excluded;
        }

        return chosen.Length;
    }

    /// <summary>The first index of the largest key, or -1 when every key is excluded.</summary>
    public static int IndexOfMaximum(ReadOnlySpan<float> keys)
    {
        var best = -1;
        var bestKey = Excluded;
        for (var index = 0; index < keys.Length; index++)
        {
            if (keys[index] > bestKey)
            {
                bestKey = keys[index];
                best = index;
            }
        }

        return best;
    }
}
