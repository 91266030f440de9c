using System.Buffers.Binary;
using System.Text;

namespace EnergyTTT.Experiments.Corpora;

/// <summary>Text to tokens and back, by byte pairs. Token 0 to 255 are bytes, 256 ends a paragraph, the others are pairs in the order in which they were learned.</summary>
public sealed class BytePairTokenizer
{
    /// <summary>The token that ends a paragraph.</summary>
    public const int EndOfParagraph = 256;

    internal const int FirstPair = 257;
    private readonly List<(int First, int Second)> _pairs;
    private readonly Dictionary<(int, int), int> _tokenOf = [];
    private readonly Dictionary<string, int[]> _encoded = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);

    internal BytePairTokenizer(IEnumerable<(int First, int Second)> pairs)
    {
        _pairs = [.. pairs];
        for (var i = 0; i < _pairs.Count; i++)
        {
            _tokenOf[_pairs[i]] = FirstPair + i;
        }
    }

    /// <summary>Pairs in the order in which they were learned.</summary>
    internal IReadOnlyList<(int First, int Second)> Pairs => _pairs;

    /// <summary>Tokens in all.</summary>
    public int Vocabulary => FirstPair + _pairs.Count;

    /// <summary>The tokens of a paragraph, its end not included. Not thread-safe.</summary>
    public void Encode(string paragraph, List<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(paragraph);
        ArgumentNullException.ThrowIfNull(tokens);
        Words.Cut(paragraph, word =>
        {
            if (!_encoded.TryGetValue(word, out var known))
            {
                var pieces = Encoding.UTF8.GetBytes(word).Select(b => (int)b).ToList();
                while (Next(pieces) is { } pair)
                {
                    Join(pieces, pair, _tokenOf[pair]);
                }

                _encoded[word] = known = [.. pieces];
            }

            tokens.AddRange(known);
        }, _known);
    }

    /// <summary>The text of tokens; an end of paragraph is a line feed.</summary>
    public string Decode(IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        List<byte> bytes = [];
        foreach (var token in tokens)
        {
            Spell(token, bytes);
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>The vocabulary as bytes, for a checkpoint.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[4 * _pairs.Count];
        for (var i = 0; i < _pairs.Count; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4 * i), (ushort)_pairs[i].First);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4 * i + 2), (ushort)_pairs[i].Second);
        }

        return bytes;
    }

    /// <summary>A vocabulary from bytes.</summary>
    /// <exception cref="FormatException">They are none.</exception>
    public static BytePairTokenizer FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % 4 != 0)
        {
            throw new FormatException($"a vocabulary of {bytes.Length} bytes: four bytes a pair expected");
        }

        List<(int, int)> pairs = [];
        for (var i = 0; i < bytes.Length; i += 4)
        {
            var (first, second) = (BinaryPrimitives.ReadUInt16LittleEndian(bytes[i..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i + 2)..]));
            if (first >= FirstPair + pairs.Count || second >= FirstPair + pairs.Count || first == EndOfParagraph || second == EndOfParagraph)
            {
                throw new FormatException($"pair {pairs.Count} of the vocabulary joins tokens that do not exist yet");
            }

            pairs.Add((first, second));
        }

        return new(pairs);
    }

    /// <summary>Replaces each place of a pair by a token, from the left.</summary>
    internal static void Join(List<int> tokens, (int First, int Second) pair, int token)
    {
        var write = 0;
        for (var read = 0; read < tokens.Count; read++, write++)
        {
            if (read + 1 < tokens.Count && tokens[read] == pair.First && tokens[read + 1] == pair.Second)
            {
                tokens[write] = token;
                read++;
            }
            else
            {
                tokens[write] = tokens[read];
            }
        }

        tokens.RemoveRange(write, tokens.Count - write);
    }

    // The pair that was learned first comes first.
    private (int, int)? Next(List<int> pieces)
    {
        (int, int)? best = null;
        var least = int.MaxValue;
        for (var i = 0; i + 1 < pieces.Count; i++)
        {
            if (_tokenOf.TryGetValue((pieces[i], pieces[i + 1]), out var token) && token < least)
            {
                (best, least) = ((pieces[i], pieces[i + 1]), token);
            }
        }

        return best;
    }

    private void Spell(int token, List<byte> bytes)
    {
        if (token < 256)
        {
            bytes.Add((byte)token);
        }
        else if (token == EndOfParagraph)
        {
            bytes.Add((byte)'\n');
        }
        else
        {
            Spell(_pairs[token - FirstPair].First, bytes);
            Spell(_pairs[token - FirstPair].Second, bytes);
        }
    }
}
