namespace EnergyTTT.Selection.Selectors;

/// <summary>The order in which a chosen set is written: by falling unbiased key, ties by lower index, unused slots last.</summary>
internal static class ChosenOrder
{
    /// <summary>Sorts in place; sets are small, so by insertion.</summary>
    public static void Apply(Span<int> chosen, ReadOnlySpan<float> keys)
    {
        for (var i = 1; i < chosen.Length; i++)
        {
            var moving = chosen[i];
            var j = i;
            while (j > 0 && Precedes(moving, chosen[j - 1], keys))
            {
                chosen[j] = chosen[j - 1];
                j--;
            }

            chosen[j] = moving;
        }
    }

    private static bool Precedes(int left, int right, ReadOnlySpan<float> keys) =>
        left >= 0 && (right < 0 || keys[left] > keys[right] || (keys[left] == keys[right] && left < right));
}
