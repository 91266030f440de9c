namespace EnergyTTT.Wire.Spellings;

/// <summary>Guesses what was meant by a name that is not known.</summary>
public static class Spelling
{
    /// <summary>The known name with the fewest letters to insert, remove or change; null when all are further than <paramref name="most"/>.</summary>
    public static string? Nearest(string name, IEnumerable<string> known, int most = 3)
    {
        ArgumentNullException.ThrowIfNull(name);
        return known.MinBy(one => Distance(one, name)) is { } near && Distance(near, name) <= most ? near : null;
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }

        return row[^1];
    }
}
