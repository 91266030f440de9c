namespace EnergyTTT.Routing.Usage;

/// <summary>Looks for values that no bias or share may hold.</summary>
internal static class FiniteSpans
{
    /// <summary>Whether any value is NaN or infinite.</summary>
    public static bool ContainsAnyExceptFinite(this ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
            {
                return true;
            }
        }

        return false;
    }
}
