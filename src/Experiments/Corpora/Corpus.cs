using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EnergyTTT.Experiments.Corpora;

/// <summary>Text as tokens, in a part to train on and a part that is held out. Held-out paragraphs stand together by the type they document, so that none has a neighbour in training.</summary>
public sealed class Corpus
{
    private readonly int[] _train;
    private readonly List<(string Domain, int[] Tokens)> _heldOut;

    private Corpus(BytePairTokenizer tokenizer, int[] train, List<(string, int[])> heldOut)
    {
        (Tokenizer, _train, _heldOut) = (tokenizer, train, heldOut);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        digest.AppendData(MemoryMarshal.AsBytes(_train.AsSpan()));
        foreach (var (_, tokens) in _heldOut)
        {
            digest.AppendData(MemoryMarshal.AsBytes(tokens.AsSpan()));
        }

        Sha256 = Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    /// <summary>Tokenizer of the corpus, learned on the training part alone.</summary>
    public BytePairTokenizer Tokenizer { get; }

    /// <summary>Tokens to train on.</summary>
    public int TrainTokens => _train.Length;

    /// <summary>Tokens held out.</summary>
    public int HeldOutTokens => _heldOut.Sum(part => part.Tokens.Length);

    /// <summary>SHA-256 over all tokens, lower-case hexadecimal.</summary>
    public string Sha256 { get; }

    /// <summary>Makes a corpus.</summary>
    /// <param name="documents">The text.</param>
    /// <param name="vocabulary">Tokens of the vocabulary that is learned, unless <paramref name="tokenizer"/> is given.</param>
    /// <param name="heldOutShare">Share of types that are held out, above 0 to 0.5.</param>
    /// <param name="tokenizer">A tokenizer of an earlier run, such as a checkpoint's.</param>
    public static Corpus Make(IReadOnlyList<TextDocument> documents, int vocabulary, double heldOutShare = 0.08, BytePairTokenizer? tokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(documents);
        if (!(heldOutShare is > 0 and <= 0.5))
        {
            throw new ArgumentOutOfRangeException(nameof(heldOutShare), heldOutShare, "a share above 0 and at most 0.5 is held out");
        }

        // Neighbours share an owner: the type before the last dot of a member's name, or the hundred lines around.
        List<TextDocument> train = [], held = [];
        foreach (var document in documents)
        {
            List<string> learned = [], kept = [];
            for (var i = 0; i < document.Paragraphs.Count; i++)
            {
                (IsHeldOut(document.Domain + "/" + Owner(document.Paragraphs[i], i), heldOutShare) ? kept : learned).Add(document.Paragraphs[i]);
            }

            train.Add(new(document.Domain, learned));
            held.Add(new(document.Domain, kept));
        }

        tokenizer ??= BytePairTrainer.Train(train, vocabulary);
        List<int> tokens = [];
        foreach (var paragraph in train.SelectMany(document => document.Paragraphs))
        {
            Take(paragraph, tokens);
        }

        List<(string, int[])> heldOut = [];
        foreach (var document in held)
        {
            List<int> part = [];
            foreach (var paragraph in document.Paragraphs)
            {
                Take(paragraph, part);
            }

            if (part.Count > 0)
            {
                heldOut.Add((document.Domain, [.. part]));
            }
        }

        return new(tokenizer, [.. tokens], heldOut);

        void Take(string paragraph, List<int> into)
        {
            tokenizer.Encode(paragraph, into);
            into.Add(BytePairTokenizer.EndOfParagraph);
        }
    }

    /// <summary>A batch of training sequences <c>[batch, length + 1]</c>, from places that the random numbers choose.</summary>
    public long[] TrainBatch(Random random, int batch, int length)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (_train.Length < length + 2)
        {
            throw new InvalidOperationException($"the corpus has {_train.Length} tokens to train on, a sequence needs {length + 1}: give more text with --corpus, or a smaller --seq-length");
        }

        var tokens = new long[batch * (length + 1)];
        for (var b = 0; b < batch; b++)
        {
            var start = random.Next(_train.Length - length - 1);
            for (var i = 0; i <= length; i++)
            {
                tokens[b * (length + 1) + i] = _train[start + i];
            }
        }

        return tokens;
    }

    /// <summary>
    /// Held-out sequences of mixed domains, <c>[count, length]</c>: domains take turns, weighted by their size, and inside a domain sequences do not overlap until its text is used up.
    /// </summary>
    public HeldOutSequences HeldOut(int count, int length, int seed)
    {
        List<(int Part, int Start)> places = [];
        for (var part = 0; part < _heldOut.Count; part++)
        {
            for (var start = 0; start + length <= _heldOut[part].Tokens.Length; start += length)
            {
                places.Add((part, start));
            }
        }

        // Too little text for so many: sequences begin half a length apart, then a quarter, so that they overlap but are not the same.
        for (var stride = length / 2; places.Count < count && stride > 8; stride /= 2)
        {
            places.Clear();
            for (var part = 0; part < _heldOut.Count; part++)
            {
                for (var start = 0; start + length <= _heldOut[part].Tokens.Length; start += stride)
                {
                    places.Add((part, start));
                }
            }
        }

        if (places.Count < count)
        {
            throw new InvalidOperationException($"the held-out text gives {places.Count} sequences of {length} tokens, {count} are needed: give more text with --corpus, or shorter --context or fewer --sequences");
        }

        var random = new Random(seed);
        var chosen = places.ToArray();
        random.Shuffle(chosen);
        var tokens = new long[count * length];
        var domains = new string[count];
        for (var i = 0; i < count; i++)
        {
            var (part, start) = chosen[i];
            domains[i] = _heldOut[part].Domain;
            for (var t = 0; t < length; t++)
            {
                tokens[i * length + t] = _heldOut[part].Tokens[start + t];
            }
        }

        return new(tokens, domains, count, length);
    }

    private static string Owner(string paragraph, int index)
    {
        var colon = paragraph.IndexOf(':', StringComparison.Ordinal);
        var name = colon is > 0 and < 200 && !paragraph.AsSpan(0, colon).Contains(' ') ? paragraph[..colon] : null;
        return name is null || name.LastIndexOf('.') is not (> 0 and var dot) ? $"#{index / 100}" : name[..dot];
    }

    private static bool IsHeldOut(string owner, double share) => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(owner))[0] < share * 256;
}

/// <summary>Held-out sequences and where each comes from.</summary>
/// <param name="Tokens"><c>[count, length]</c>.</param>
/// <param name="Domains">The domain of each sequence.</param>
/// <param name="Count">Sequences.</param>
/// <param name="Length">Tokens of each.</param>
public sealed record HeldOutSequences(long[] Tokens, IReadOnlyList<string> Domains, int Count, int Length)
{
    /// <summary>Some of them.</summary>
    public HeldOutSequences Part(int first, int count) => new(Tokens[(first * Length)..((first + count) * Length)], [.. Domains.Skip(first).Take(count)], count, Length);
}
