using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Selection.Selectors;

/// <summary>Chooses the experts of one token: plain top-k, the biased choice, and the guard between them.</summary>
internal sealed class TokenChooser
{
    /// <summary>Relative distance that a mass keeps from its bound, so that rounding can never break the guard.</summary>
    public const double GuardMargin = 1e-6;

    private readonly SelectorShape _shape;
    private readonly GroupLimit? _groups;
    private readonly float[] _trainedBias;
    private readonly float[] _bias;
    private readonly float[] _growth;
    private readonly float[] _scores;
    private readonly float[] _plainKeys;
    private readonly float[] _keys;
    private readonly float[] _work;
    private readonly int[] _plain;
    private readonly bool _isTrained;
    private SelectionEpoch? _epoch;
    private float _scoreSum;

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

        _shape = shape;
        _groups = shape.IsGrouped ? new GroupLimit(shape) : null;
        _trainedBias = new float[shape.Experts];
        trainedBias.CopyTo(_trainedBias);
        _isTrained = trainedBias.IndexOfAnyExcept(0f) >= 0;
        _bias = new float[shape.Experts];
        _growth = new float[shape.Experts];
        _scores = new float[shape.Experts];
        _plainKeys = new float[shape.Experts];
        _keys = new float[shape.Experts];
        _work = new float[shape.Experts];
        _plain = new int[shape.TopK];
    }

    /// <summary>Unbiased scores [experts] of the last token.</summary>
    public ReadOnlySpan<float> Scores => _scores;

    /// <summary>What turns a score into a weight when weights are not renormalised.</summary>
    public float Scale => 1 / _scoreSum;

    /// <summary>Unbiased keys [experts] of the last token: they order the chosen experts.</summary>
    public ReadOnlySpan<float> PlainKeys => _plainKeys;

    /// <summary>The keys [experts] by which the last token chose, groups that may not serve it excluded.</summary>
    public ReadOnlySpan<float> ChoiceKeys => _keys;

    /// <summary>Takes an epoch into use.</summary>
    public void Use(SelectionEpoch epoch)
    {
        if (ReferenceEquals(epoch, _epoch))
        {
            return;
        }

        _epoch = epoch;
        epoch.Bias.CopyTo(_bias);
        for (var expert = 0; expert < _bias.Length; expert++)
        {
            _growth[expert] = MathF.Exp(_bias[expert]);
        }
    }

    /// <summary>Chooses for one token.</summary>
    /// <param name="logits">z [experts].</param>
    /// <param name="chosen">Receives k indices, by falling unbiased key.</param>
    public TokenChoice Choose(ReadOnlySpan<float> logits, Span<int> chosen)
    {
        var epoch = _epoch!; // Use() came first: the selector calls it before any token.
        _scoreSum = GateScores.Evaluate(_shape.Gate, logits, _scores);
        if (!(_scoreSum > 0))
        {
            _scoreSum = 1;
        }

        MakePlainKeys(logits);
        _plainKeys.CopyTo(_keys, 0);
        _groups?.Apply(_keys);
        _keys.CopyTo(_work, 0);
        TopK.Take(_work, _plain);
        var plainMass = MassOf(_plain);
        if (epoch.IsNeutral)
        {
            _plain.CopyTo(chosen);
            return new TokenChoice(plainMass, plainMass, 0, false, true);
        }

        for (var expert = 0; expert < _keys.Length; expert++)
        {
            _keys[expert] = _plainKeys[expert] > TopK.Masked ? _plainKeys[expert] + _bias[expert] : TopK.Masked;
        }

        _groups?.Apply(_keys);
        _keys.CopyTo(_work, 0);
        TopK.Take(_work, chosen);
        var mass = MassOf(chosen);
        var tripped = mass < Needed(plainMass, epoch.GuardBound) && !SameSet(chosen, _plain);
        if (tripped)
        {
            mass = Repair(chosen, mass, plainMass, epoch.GuardBound);
        }

        Order(chosen, _plainKeys);
        return new TokenChoice(plainMass, mass, Divergence(logits), tripped, false);
    }

    /// <summary>Writes the weights of a chosen set.</summary>
    public void Weigh(ReadOnlySpan<int> chosen, Span<float> weights) => Weights.Write(_shape, _scores, Scale, chosen, weights);

    /// <summary>The mass below which a choice is not accepted: the bound with a margin for rounding, never more than the plain mass.</summary>
    public static double Needed(double plainMass, double bound) => Math.Min(plainMass, bound * plainMass * (1 + GuardMargin));

    /// <summary>Sorts a chosen set by falling key, ties by lower index, unused slots last.</summary>
    public static void Order(Span<int> chosen, ReadOnlySpan<float> keys)
    {
        for (var i = 1; i < chosen.Length; i++)
        {
            var moving = chosen[i];
            var j = i;
            while (j > 0 && Precedes(moving, chosen[j - 1], keys))
            {
                chosen[j] = chosen[j - 1];
                j--;
            }

            chosen[j] = moving;
        }
    }

    private static bool Precedes(int left, int right, ReadOnlySpan<float> keys) =>
        left >= 0 && (right < 0 || keys[left] > keys[right] || (keys[left] == keys[right] && left < right));

    private void MakePlainKeys(ReadOnlySpan<float> logits)
    {
        var probability = _shape.Gate == GateKind.Softmax ? 1 / _scoreSum : 1;
        for (var expert = 0; expert < logits.Length; expert++)
        {
            if (GateScores.IsMask(logits[expert]))
            {
                _plainKeys[expert] = TopK.Masked;
                continue;
            }

            var key = _shape.BiasSpace == BiasSpace.Logit ? logits[expert] : _scores[expert] * probability;
            _plainKeys[expert] = _isTrained ? key + _trainedBias[expert] : key;
        }
    }

    /// <summary>
    /// Brings plain experts back, best first, each in the place of the least of the strangers, until the bound holds; with every plain expert back it
    /// holds by definition. Grouped gates go back at once: a mixture could span more groups than may serve a token.
    /// </summary>
    private double Repair(Span<int> chosen, double mass, double plainMass, double bound)
    {
        if (_groups is not null)
        {
            _plainKeys.CopyTo(_keys, 0);
            _groups.Apply(_keys);
            _plain.CopyTo(chosen);
            return plainMass;
        }

        var needed = Needed(plainMass, bound);
        foreach (var returning in _plain)
        {
            if (chosen.Contains(returning))
            {
                continue;
            }

            var leaving = -1;
            for (var slot = 0; slot < chosen.Length; slot++)
            {
                if (Array.IndexOf(_plain, chosen[slot]) < 0 && (leaving < 0 || _scores[chosen[slot]] < _scores[chosen[leaving]]))
                {
                    leaving = slot;
                }
            }

            chosen[leaving] = returning;
            mass = MassOf(chosen);
            if (mass >= needed)
            {
                return mass;
            }
        }

        _plain.CopyTo(chosen);
        return plainMass;
    }

    private double Divergence(ReadOnlySpan<float> logits)
    {
        if (_shape.BiasSpace != BiasSpace.Logit)
        {
            return 0;
        }

        // KL(q||p) with q_e = g_e p_e / G, G = sum_j g_j p_j:  sum_e q_e ln g_e - ln G. For softmax g = e^b.
        double sum = 0, tilted = 0, moved = 0;
        for (var expert = 0; expert < logits.Length; expert++)
        {
            double score = _scores[expert];
            if (score <= 0)
            {
                continue;
            }

            double growth = _growth[expert], logGrowth = _bias[expert];
            if (_shape.Gate != GateKind.Softmax)
            {
                growth = GateScores.Single(_shape.Gate, logits[expert] + _bias[expert]) / score;
                logGrowth = growth > 0 ? Math.Log(growth) : 0;
            }

            sum += score;
            tilted += score * growth;
            moved += score * growth * logGrowth;
        }

        return tilted > 0 && sum > 0 ? Math.Max(0, (moved / tilted) - Math.Log(tilted / sum)) : 0;
    }

    private double MassOf(ReadOnlySpan<int> chosen)
    {
        double mass = 0;
        foreach (var expert in chosen)
        {
            mass += _scores[expert];
        }

        return mass;
    }

    private static bool SameSet(ReadOnlySpan<int> left, ReadOnlySpan<int> right)
    {
        foreach (var expert in left)
        {
            if (!right.Contains(expert))
            {
                return false;
            }
        }

        return true;
    }
}
