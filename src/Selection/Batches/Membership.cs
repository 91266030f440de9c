using System.Numerics;

namespace EnergyTTT.Selection.Batches;

/// <summary>Which tokens of a batch use which expert: one bit per token.</summary>
internal sealed class Membership(int experts)
{
    private ulong[] _bits = [];
    private int _words;

    /// <summary>Starts empty for a batch of so many tokens.</summary>
    public void Begin(int tokens)
    {
        _words = (tokens + 63) / 64;
        if (_bits.Length < experts * _words)
        {
            _bits = new ulong[experts * _words];
        }

        Array.Clear(_bits, 0, experts * _words);
    }

    /// <summary>The tokens of an expert, 64 to a word.</summary>
    public Span<ulong> Of(int expert) => _bits.AsSpan(expert * _words, _words);

    /// <summary>A token joins an expert.</summary>
    public void Add(int expert, int token) => _bits[(expert * _words) + (token >> 6)] |= 1UL << token;

    /// <summary>Whether nobody uses an expert.</summary>
    public bool IsEmpty(int expert) => Of(expert).IndexOfAnyExcept(0UL) < 0;

    /// <summary>Takes the lowest token out of a word.</summary>
    public static int Pop(ref ulong word)
    {
        var bit = BitOperations.TrailingZeroCount(word);
        word &= word - 1;

        return bit;
    }
}
