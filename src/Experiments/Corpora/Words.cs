namespace EnergyTTT.Experiments.Corpora;

/// <summary>Cuts text into the pieces that byte pairs never cross: a run of letters with the blank before it, a run of digits, or a run of other signs.</summary>
internal static class Words
{
    public static void Cut(ReadOnlySpan<char> text, Action<string> take, Dictionary<string, string>? known = null)
    {
        var start = 0;
        while (start < text.Length)
        {
            var end = start;
            if (text[end] == ' ' && end + 1 < text.Length)
            {
                end++;
            }

            var kind = Kind(text[end]);
            end++;
            while (end < text.Length && Kind(text[end]) == kind && kind != 3)
            {
                end++;
            }

            var piece = text[start..end];
            if (known is not null && known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(piece, out var same))
            {
                take(same);
            }
            else
            {
                var fresh = piece.ToString();
                known?.Add(fresh, fresh);
                take(fresh);
            }

            start = end;
        }
    }

    private static int Kind(char c) => char.IsLetter(c) ? 0 : char.IsDigit(c) ? 1 : c == ' ' ? 3 : 2;
}
