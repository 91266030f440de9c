using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Rows;

namespace EnergyTTT.Selection.Selectors;

/// <summary>Chooses the experts of one token: plain top-k, the biased choice, and the guard between them.</summary>
internal sealed class TokenChooser
{
    private readonly SelectorShape _shape;
    private readonly GroupLimit? _groups;
    private readonly float[] _trainedBias;
    private readonly float[] _bias;
    private readonly float[] _growth;
    private readonly float[] _work;
    private readonly int[] _plain;
    private readonly bool _isTrained;
    private readonly bool _needsSum;
    private SelectionEpoch? _epoch;
    private bool _isNeutral;
    private double _guardBound;

    public TokenChooser(SelectorShape shape, ReadOnlySpan<float> trainedBias)
    {
        if (!trainedBias.IsEmpty && trainedBias.Length != shape.Experts)
        {
            throw new ArgumentException($"The trained bias has {trainedBias.Length} numbers for {shape.Experts} experts.", nameof(trainedBias));
        }

        foreach (var bias in trainedBias)
        {
            if (!float.IsFinite(bias))
            {
                throw new ArgumentException($"The trained bias holds {bias}: it must be finite.", nameof(trainedBias));
            }
        }

        var length = Row.Length(shape.Experts);
        _shape = shape;
        _groups = shape.IsGrouped ? new GroupLimit(shape) : null;
        _trainedBias = new float[length];
        trainedBias.CopyTo(_trainedBias);
        _isTrained = trainedBias.IndexOfAnyExcept(0f) >= 0;
        _bias = new float[length];
        _growth = new float[length];
        _work = new float[length];
        _plain = new int[shape.TopK];
        _needsSum = shape.Gate == GateKind.Softmax && (!shape.Renormalise || shape.BiasSpace != BiasSpace.Logit);
    }

    /// <summary>Whether the keys of a row must survive the choice, because a batch-aware step goes on with them.</summary>
    public bool KeepsKeys { get; set; }

    /// <summary>Takes an epoch into use.</summary>
    public void Use(SelectionEpoch epoch)
    {
        if (ReferenceEquals(epoch, _epoch))
        {
            return;
        }

        _epoch = epoch;
        _isNeutral = epoch.IsNeutral;
        _guardBound = epoch.EffectiveBound;
        epoch.Bias.AsSpan().CopyTo(_bias);
        for (var expert = 0; expert < _shape.Experts; expert++)
        {
            // e^b - 1 from the double, since a bias may be tiny.
            _growth[expert] = (float)(Math.Exp(_bias[expert]) - 1);
        }
    }

    /// <summary>Chooses for one token.</summary>
    /// <param name="logits">z [experts].</param>
    /// <param name="row">Receives keys and scores.</param>
    /// <param name="chosen">Receives k indices, by falling unbiased key.</param>
    public TokenChoice Choose(ReadOnlySpan<float> logits, scoped TokenRow row, Span<int> chosen)
    {
        var largest = Clean(logits, row.PlainKeys);
        GateScores.Evaluate(_shape.Gate, row.PlainKeys, largest, row.Scores);
        var scoreSum = _needsSum || !_isNeutral ? GateScores.Sum(_shape.Gate, row.Scores) : 1;
        if (_shape.BiasSpace != BiasSpace.Logit)
        {
            RowMath.Scale(row.PlainKeys, row.Scores, 1 / scoreSum, row.PlainKeys);
        }

        if (_isTrained)
        {
            RowMath.Shift(row.PlainKeys, _trainedBias, row.PlainKeys);
        }

        var plain = _isNeutral ? chosen : _plain.AsSpan();
        if (_isNeutral && !KeepsKeys && _groups is null)
        {
            RowMath.Take(row.PlainKeys, plain);
        }
        else
        {
            TakeBest(row.PlainKeys, row.Keys, plain);
        }

        var plainMass = Guard.Mass(plain, row.Scores);
        if (_isNeutral)
        {
            return new TokenChoice(plainMass, plainMass, 1 / scoreSum, 0, false);
        }

        RowMath.Shift(row.PlainKeys, _bias, row.Keys);
        TakeBest(row.Keys, row.Keys, chosen);
        ChosenOrder.Apply(chosen, row.PlainKeys);
        var divergence = Divergence(logits, row.Scores, scoreSum);
        if (chosen.SequenceEqual(plain))
        {
            return new TokenChoice(plainMass, plainMass, 1 / scoreSum, divergence, false);
        }

        var mass = Guard.Mass(chosen, row.Scores);
        var needed = Guard.Needed(plainMass, _guardBound);
        if (mass >= needed)
        {
            return new TokenChoice(plainMass, mass, 1 / scoreSum, divergence, false);
        }

        if (_groups is null)
        {
            mass = Guard.Repair(plain, plainMass, row.Scores, needed, chosen);
            ChosenOrder.Apply(chosen, row.PlainKeys);
        }
        else
        {
            // A mixture of both choices could span more groups than may serve a token, so a grouped gate goes back at once.
            _groups.Apply(row.PlainKeys, row.Keys);
            plain.CopyTo(chosen);
            mass = plainMass;
        }

        return new TokenChoice(plainMass, mass, 1 / scoreSum, divergence, true);
    }

    private static float Clean(ReadOnlySpan<float> logits, Span<float> keys)
    {
        if (logits.Length == keys.Length)
        {
            return RowMath.Clean(logits, keys);
        }

        logits.CopyTo(keys);
        var largest = RowMath.Clean(keys, keys);
        keys[logits.Length..].Fill(Row.Excluded);

        return largest;
    }

    // Limits `keys` to the groups that may serve the token (into `limited`) and takes the best of them.
    private void TakeBest(ReadOnlySpan<float> keys, Span<float> limited, Span<int> chosen)
    {
        if (_groups is not null)
        {
            _groups.Apply(keys, limited);
        }
        else if (keys != limited)
        {
            keys.CopyTo(limited);
        }

        var work = limited;
        if (KeepsKeys)
        {
            work = _work;
            limited.CopyTo(work);
        }

        RowMath.Take(work, chosen);
    }

    private double Divergence(ReadOnlySpan<float> logits, ReadOnlySpan<float> scores, float scoreSum)
    {
        if (_shape.BiasSpace != BiasSpace.Logit)
        {
            return 0;
        }

        // KL(q||p) with q_e = g_e p_e / G, G = sum_j g_j p_j:  sum_e q_e ln g_e - ln G. For softmax g = e^b.
        if (_shape.Gate == GateKind.Softmax)
        {
            var (growth, moved) = RowMath.Tilt(scores, _growth, _bias);
            var total = 1 + ((double)growth / scoreSum);

            return total > 0 ? Math.Max(0, (moved / (scoreSum * total)) - Math.Log(total)) : 0;
        }

        double sum = 0, tilted = 0, shifted = 0;
        for (var expert = 0; expert < logits.Length; expert++)
        {
            double score = scores[expert];
            if (score > 0)
            {
                double biased = GateScores.Single(_shape.Gate, logits[expert] + _bias[expert]);
                sum += score;
                tilted += biased;
                shifted += biased > 0 ? biased * Math.Log(biased / score) : 0;
            }
        }

        return tilted > 0 ? Math.Max(0, (shifted / tilted) - Math.Log(tilted / sum)) : 0;
    }
}
