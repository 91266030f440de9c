namespace EnergyTTT.Selection.Selectors;

/// <summary>The hard bound on quality: no token keeps less than its share of the gate mass of plain top-k.</summary>
internal static class Guard
{
    /// <summary>Relative distance that a mass keeps from its bound, so that rounding can never break it.</summary>
    public const double Margin = 1e-6;

    /// <summary>The mass below which a choice is not accepted: the bound with its margin, never more than the plain mass.</summary>
    public static double Needed(double plainMass, double bound) => Math.Min(plainMass, bound * plainMass * (1 + Margin));

    /// <summary>
    /// Brings plain experts back, best first, each in the place of the least of the strangers, until the bound holds; with every plain expert back it
    /// holds by definition.
    /// </summary>
    /// <returns>The mass of the repaired set.</returns>
    public static double Repair(ReadOnlySpan<int> plain, double plainMass, ReadOnlySpan<float> scores, double needed, Span<int> chosen)
    {
        foreach (var returning in plain)
        {
            if (chosen.Contains(returning))
            {
                continue;
            }

            var leaving = -1;
            for (var slot = 0; slot < chosen.Length; slot++)
            {
                if (!plain.Contains(chosen[slot]) && (leaving < 0 || IsLess(chosen[slot], chosen[leaving], scores)))
                {
                    leaving = slot;
                }
            }

            chosen[leaving] = returning;
            var mass = Mass(chosen, scores);
            if (mass >= needed)
            {
                return mass;
            }
        }

        plain.CopyTo(chosen);
        return plainMass;
    }

    // Of equals the higher index leaves, as it would have come later.
    private static bool IsLess(int left, int right, ReadOnlySpan<float> scores) =>
        scores[left] < scores[right] || (scores[left] == scores[right] && left > right);

    /// <summary>The sum of scores over a chosen set; unused slots count nothing.</summary>
    public static double Mass(ReadOnlySpan<int> chosen, ReadOnlySpan<float> scores)
    {
        double mass = 0;
        foreach (var expert in chosen)
        {
            if (expert >= 0)
            {
                mass += scores[expert];
            }
        }

        return mass;
    }
}
