using System.Text;

namespace EnergyTTT.Experiments.Corpora;

/// <summary>Learns byte pairs from text: the commonest neighbouring pair of tokens becomes a token, until the vocabulary is full. Deterministic: of equal counts the pair of lower numbers wins.</summary>
/// <remarks>Source: Sennrich, Haddow and Birch 2016 (arXiv 1508.07909), on bytes.</remarks>
public static class BytePairTrainer
{
    /// <summary>Learns a vocabulary.</summary>
    /// <param name="documents">The text; held-out text must not be in it.</param>
    /// <param name="vocabulary">Tokens in all, 257 (the bytes and the end of a paragraph) to 65,535.</param>
    public static BytePairTokenizer Train(IEnumerable<TextDocument> documents, int vocabulary)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary, BytePairTokenizer.FirstPair);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vocabulary, 65_535);
        var frequency = new Dictionary<string, long>(StringComparer.Ordinal);
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var paragraph in documents.SelectMany(document => document.Paragraphs))
        {
            Words.Cut(paragraph, word => frequency[word] = frequency.GetValueOrDefault(word) + 1, known);
        }

        var words = frequency.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => (Tokens: Encoding.UTF8.GetBytes(entry.Key).Select(b => (int)b).ToList(), Count: entry.Value)).ToArray();
        var counts = new Dictionary<(int, int), long>();
        var places = new Dictionary<(int, int), HashSet<int>>();
        for (var w = 0; w < words.Length; w++)
        {
            Count(w, 1);
        }

        var pairs = new List<(int, int)>();
        var queue = new PriorityQueue<((int, int) Pair, long Count), (long, int, int)>();
        foreach (var (pair, count) in counts)
        {
            Offer(pair, count);
        }

        while (BytePairTokenizer.FirstPair + pairs.Count < vocabulary && queue.TryDequeue(out var best, out _))
        {
            // An entry whose count has changed since it was offered is stale; its present count is in the queue as well.
            if (counts.GetValueOrDefault(best.Pair) != best.Count || best.Count < 2)
            {
                continue;
            }

            var token = BytePairTokenizer.FirstPair + pairs.Count;
            pairs.Add(best.Pair);
            var touched = new HashSet<(int, int)>();
            foreach (var w in places[best.Pair].ToArray())
            {
                Count(w, -1, touched);
                BytePairTokenizer.Join(words[w].Tokens, best.Pair, token);
                Count(w, 1, touched);
            }

            foreach (var pair in touched)
            {
                Offer(pair, counts.GetValueOrDefault(pair));
            }
        }

        return new(pairs);

        void Offer((int First, int Second) pair, long count)
        {
            if (count >= 2)
            {
                queue.Enqueue((pair, count), (-count, pair.First, pair.Second));
            }
        }

        void Count(int w, int sign, HashSet<(int, int)>? touched = null)
        {
            var (tokens, count) = words[w];
            for (var i = 0; i + 1 < tokens.Count; i++)
            {
                var pair = (tokens[i], tokens[i + 1]);
                counts[pair] = counts.GetValueOrDefault(pair) + sign * count;
                touched?.Add(pair);
                if (sign > 0)
                {
                    (places.TryGetValue(pair, out var at) ? at : places[pair] = []).Add(w);
                }
                else if (places.TryGetValue(pair, out var at))
                {
                    at.Remove(w);
                }
            }
        }
    }
}
