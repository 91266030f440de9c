using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Rows;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Selection.Batches;

/// <summary>
/// Opportunistic activation: the experts that some token ranks among its first k0 are present, every token takes its best k of the present ones, and
/// a token that would break the guard brings further experts of its own choice until it holds.
/// </summary>
internal sealed class Activation(SelectorShape shape)
{
    private readonly float[] _caps = new float[Row.Length(shape.Experts)];
    private readonly float[] _work = new float[Row.Length(shape.Experts)];
    private readonly int[] _taken = new int[shape.TopK];
    private readonly int _k = shape.TopK;

    /// <summary>Changes the chosen sets [tokens, k] in place.</summary>
    public void Apply(BatchRows rows, Span<int> chosen, int own)
    {
        Array.Clear(_caps);
        for (var token = 0; token < rows.Tokens; token++)
        {
            // Sets are ordered by unbiased key; what a token brings first is what its biased key ranks first.
            var set = chosen.Slice(token * _k, _k);
            ChosenOrder.Apply(set, rows.Keys(token));
            foreach (var expert in set[..Math.Min(own, _k)])
            {
                _caps[expert] = 1;
            }
        }

        for (var token = 0; token < rows.Tokens; token++)
        {
            var set = chosen.Slice(token * _k, _k);
            for (var slot = 0; slot < _k && Take(rows, token, rows.Keys(token), _taken) < rows.Needed[token]; slot++)
            {
                _caps[set[slot]] = 1;
            }
        }

        for (var token = 0; token < rows.Tokens; token++)
        {
            var set = chosen.Slice(token * _k, _k);
            if (Take(rows, token, rows.Keys(token), set) < rows.Needed[token])
            {
                // Others have brought experts since, and the bias likes those better than the mass does: by score the mass can only have grown.
                Take(rows, token, rows.Scores(token), set);
            }
        }
    }

    private long Take(BatchRows rows, int token, ReadOnlySpan<float> by, Span<int> set)
    {
        var keys = rows.Keys(token);
        RowMath.Cap(by, _caps, _work);
        if (by != keys && shape.IsGrouped)
        {
            for (var expert = 0; expert < shape.Experts; expert++)
            {
                _work[expert] = keys[expert] > Row.Excluded ? _work[expert] : Row.Excluded;
            }
        }

        set[RowMath.Take(_work, set)..].Fill(Selector.Unused);
        var shares = rows.Shares(token);
        long mass = 0;
        foreach (var expert in set)
        {
            mass += expert < 0 ? 0 : shares[expert];
        }

        return mass;
    }
}
