using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Selection.Selectors;

/// <summary>Keeps the best groups of experts of a token and really excludes the others.</summary>
internal sealed class GroupLimit(SelectorShape shape)
{
    private readonly float[] _worth = new float[shape.Groups];
    private readonly int[] _kept = new int[shape.TopGroups];
    private readonly bool[] _isKept = new bool[shape.Groups];

    /// <summary>Overwrites the keys of the groups that may not serve this token with <see cref="TopK.Excluded"/>.</summary>
    /// <param name="keys">Keys [experts] in the bias space of the shape.</param>
    public void Apply(Span<float> keys)
    {
        var size = shape.GroupSize;
        var reference = shape.GroupScore == GroupScore.TopTwo && IsLogit ? Largest(keys) : 0;
        for (var group = 0; group < shape.Groups; group++)
        {
            _worth[group] = Worth(keys.Slice(group * size, size), reference);
        }

        TopK.Take(_worth, _kept);
        Array.Clear(_isKept);
        foreach (var group in _kept)
        {
            _isKept[group] = true;
        }

        for (var group = 0; group < shape.Groups; group++)
        {
            if (!_isKept[group])
            {
                keys.Slice(group * size, size).Fill(TopK.Excluded);
            }
        }
    }

    private bool IsLogit => shape.BiasSpace == BiasSpace.Logit;

    private float Worth(ReadOnlySpan<float> keys, float reference)
    {
        float first = TopK.Masked, second = TopK.Masked;
        foreach (var key in keys)
        {
            if (key > first)
            {
                second = first;
                first = key;
            }
            else if (key > second)
            {
                second = key;
            }
        }

        return shape.GroupScore == GroupScore.Maximum || keys.Length == 1 ? first : Score(first, reference) + Score(second, reference);
    }

    private float Score(float key, float reference)
    {
        if (key <= TopK.Masked)
        {
            return IsLogit ? 0 : TopK.Masked / 4;
        }

        return !IsLogit ? key
            : shape.Gate != GateKind.Softmax ? GateScores.Single(shape.Gate, key)
            : key == reference ? 1 : MathF.Exp(key - reference);
    }

    private static float Largest(ReadOnlySpan<float> keys)
    {
        var largest = TopK.Masked;
        foreach (var key in keys)
        {
            largest = key > largest ? key : largest;
        }

        return largest;
    }
}
