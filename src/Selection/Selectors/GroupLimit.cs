using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Rows;

namespace EnergyTTT.Selection.Selectors;

/// <summary>Keeps the best groups of experts of a token and really excludes the others.</summary>
internal sealed class GroupLimit(SelectorShape shape)
{
    private readonly float[] _worth = new float[Row.Length(shape.Groups)];
    private readonly int[] _kept = new int[shape.TopGroups];
    private readonly bool[] _isKept = new bool[shape.Groups];
    private readonly bool _isLogit = shape.BiasSpace == BiasSpace.Logit;

    /// <summary>Writes the keys of the groups that may serve this token, and <see cref="Row.Excluded"/> for the others.</summary>
    /// <param name="keys">Keys [padded] in the bias space of the shape.</param>
    /// <param name="limited">Receives them; may be <paramref name="keys"/>.</param>
    public void Apply(ReadOnlySpan<float> keys, Span<float> limited)
    {
        var size = shape.GroupSize;
        var reference = shape.GroupScore == GroupScore.TopTwo && _isLogit && shape.Gate == GateKind.Softmax ? keys[RowMath.IndexOfLargest(keys)] : 0;
        _worth.AsSpan(shape.Groups).Fill(Row.Excluded);
        for (var group = 0; group < shape.Groups; group++)
        {
            _worth[group] = Worth(keys.Slice(group * size, size), reference);
        }

        if (keys != limited)
        {
            keys.CopyTo(limited);
        }

        RowMath.Take(_worth, _kept);
        _isKept.AsSpan().Clear();
        foreach (var group in _kept)
        {
            _isKept[group] = true;
        }

        for (var group = 0; group < shape.Groups; group++)
        {
            if (!_isKept[group])
            {
                limited.Slice(group * size, size).Fill(Row.Excluded);
            }
        }
    }

    private float Worth(ReadOnlySpan<float> keys, float reference)
    {
        float first = Row.Masked, second = Row.Masked;
        if (keys.Length % Row.Padding == 0)
        {
            (first, second) = RowMath.TopTwo(keys);
        }
        else
        {
            foreach (var key in keys)
            {
                second = MathF.Max(second, MathF.Min(first, key));
                first = MathF.Max(first, key);
            }
        }

        return shape.GroupScore == GroupScore.Maximum || keys.Length == 1 ? first : Score(first, reference) + Score(second, reference);
    }

    private float Score(float key, float reference)
    {
        if (key <= Row.Masked)
        {
            return _isLogit ? 0 : Row.Masked / 4;
        }

        return !_isLogit ? key
            : shape.Gate != GateKind.Softmax ? GateScores.Single(shape.Gate, key)
            : key == reference ? 1 : MathF.Exp(key - reference);
    }
}
