using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Selection.Selectors;

/// <summary>The tokens of one batch side by side, while they agree on which experts to read.</summary>
internal sealed class BatchRows(SelectorShape shape)
{
    private readonly double[] _demand = new double[shape.Experts];
    private readonly int[] _order = new int[shape.Experts];
    private readonly float[] _work = new float[shape.Experts];
    private readonly bool[] _present = new bool[shape.Experts];
    private float[] _keys = [];
    private float[] _plainKeys = [];
    private float[] _scores = [];
    private float[] _scales = [];
    private double[] _plainMass = [];
    private double[] _mass = [];
    private double[] _tryMass = [];
    private int[] _tryExpert = [];
    private int _tokens;

    /// <summary>Makes room for a batch.</summary>
    public void Begin(int tokens)
    {
        _tokens = tokens;
        if (_plainMass.Length >= tokens)
        {
            return;
        }

        var cells = checked(tokens * shape.Experts);
        _keys = new float[cells];
        _plainKeys = new float[cells];
        _scores = new float[cells];
        _scales = new float[tokens];
        _plainMass = new double[tokens];
        _mass = new double[tokens];
        _tryMass = new double[tokens];
        _tryExpert = new int[tokens];
    }

    /// <summary>Remembers one token as its own choice left it.</summary>
    public void Keep(int token, TokenChooser chooser, TokenChoice choice)
    {
        chooser.ChoiceKeys.CopyTo(Row(_keys, token));
        chooser.PlainKeys.CopyTo(Row(_plainKeys, token));
        chooser.Scores.CopyTo(Row(_scores, token));
        _scales[token] = chooser.Scale;
        _plainMass[token] = choice.PlainMass;
        _mass[token] = choice.Mass;
    }

    /// <summary>Orders and weighs the final choice of a token and returns its rho.</summary>
    public double Finish(int token, Span<int> chosen, Span<float> weights)
    {
        TokenChooser.Order(chosen, Row(_plainKeys, token));
        Weights.Write(shape, Row(_scores, token), _scales[token], chosen, weights);

        return _plainMass[token] > 0 ? _mass[token] / _plainMass[token] : 1;
    }

    /// <summary>
    /// Greedy consolidation: experts leave in the order of least demand (the sum over tokens of their share of the token's mass, per unit of price when
    /// prices are given) if every token that used them, taking its next best present expert instead, keeps its bound.
    /// </summary>
    public void Consolidate(Span<int> experts, double bound, ReadOnlySpan<float> prices)
    {
        var k = shape.TopK;
        Array.Clear(_demand);
        Array.Clear(_present);
        for (var token = 0; token < _tokens; token++)
        {
            foreach (var expert in experts.Slice(token * k, k))
            {
                _present[expert] = true;
                _demand[expert] += _plainMass[token] > 0 ? Row(_scores, token)[expert] / _plainMass[token] : 0;
            }
        }

        var candidates = 0;
        for (var expert = 0; expert < shape.Experts; expert++)
        {
            if (_present[expert])
            {
                _order[candidates++] = expert;
                if (!prices.IsEmpty)
                {
                    _demand[expert] /= prices[expert];
                }
            }
            else
            {
                Exclude(expert);
            }
        }

        var order = _order.AsSpan(0, candidates);
        order.Sort((left, right) => _demand[left] != _demand[right] ? _demand[left].CompareTo(_demand[right]) : left.CompareTo(right));
        foreach (var expert in order)
        {
            if (CanLeave(experts, expert, bound))
            {
                Leave(experts, expert);
            }
        }
    }

    /// <summary>
    /// Opportunistic activation: the experts that some token ranks among its first <paramref name="own"/> are present, every token takes its best k of
    /// those, and a token that would break the guard brings further experts of its own choice until it holds.
    /// </summary>
    public void Activate(Span<int> experts, int own, double bound)
    {
        var k = shape.TopK;
        Array.Clear(_present);
        for (var token = 0; token < _tokens; token++)
        {
            // The first `own` by key: the chosen set is ordered by unbiased key, so look again when a bias is in force.
            Span<int> chosen = experts.Slice(token * k, k);
            TokenChooser.Order(chosen, Row(_keys, token));
            for (var slot = 0; slot < Math.Min(own, k); slot++)
            {
                _present[chosen[slot]] = true;
            }
        }

        for (var token = 0; token < _tokens; token++)
        {
            var needed = TokenChooser.Needed(_plainMass[token], bound);
            var chosen = experts.Slice(token * k, k);
            for (var slot = 0; slot < k && PresentMass(token, k) < needed; slot++)
            {
                _present[chosen[slot]] = true;
            }
        }

        for (var token = 0; token < _tokens; token++)
        {
            var chosen = experts.Slice(token * k, k);
            _mass[token] = TakePresent(Row(_keys, token), token, chosen);
            if (_mass[token] < TokenChooser.Needed(_plainMass[token], bound))
            {
                // Others have brought experts since, and the bias likes those better than the mass does: by score the mass can only have grown.
                _mass[token] = TakePresent(Row(_scores, token), token, chosen);
            }
        }
    }

    private double PresentMass(int token, int k)
    {
        Span<int> taken = stackalloc int[k];

        return TakePresent(Row(_keys, token), token, taken);
    }

    private double TakePresent(ReadOnlySpan<float> by, int token, Span<int> chosen)
    {
        var keys = Row(_keys, token);
        var scores = Row(_scores, token);
        for (var expert = 0; expert < by.Length; expert++)
        {
            _work[expert] = _present[expert] && keys[expert] > TopK.Excluded ? by[expert] : TopK.Excluded;
        }

        chosen[TopK.Take(_work, chosen)..].Fill(Selector.Unused);
        double mass = 0;
        foreach (var expert in chosen)
        {
            mass += expert < 0 ? 0 : scores[expert];
        }

        return mass;
    }

    private bool CanLeave(ReadOnlySpan<int> experts, int leaving, double bound)
    {
        var k = shape.TopK;
        for (var token = 0; token < _tokens; token++)
        {
            var chosen = experts.Slice(token * k, k);
            if (!chosen.Contains(leaving))
            {
                continue;
            }

            var scores = Row(_scores, token);
            var next = NextBest(Row(_keys, token), chosen);
            var mass = _mass[token] - scores[leaving] + (next < 0 ? 0 : scores[next]);
            if (mass < TokenChooser.Needed(_plainMass[token], bound))
            {
                return false;
            }

            _tryMass[token] = mass;
            _tryExpert[token] = next;
        }

        return true;
    }

    private void Leave(Span<int> experts, int leaving)
    {
        var k = shape.TopK;
        for (var token = 0; token < _tokens; token++)
        {
            var slot = experts.Slice(token * k, k).IndexOf(leaving);
            if (slot >= 0)
            {
                experts[(token * k) + slot] = _tryExpert[token];
                _mass[token] = _tryMass[token];
            }
        }

        Exclude(leaving);
    }

    private void Exclude(int expert)
    {
        for (var token = 0; token < _tokens; token++)
        {
            Row(_keys, token)[expert] = TopK.Excluded;
        }
    }

    private static int NextBest(ReadOnlySpan<float> keys, ReadOnlySpan<int> chosen)
    {
        var best = -1;
        var bestKey = TopK.Excluded;
        for (var expert = 0; expert < keys.Length; expert++)
        {
            if (keys[expert] > bestKey && !chosen.Contains(expert))
            {
                bestKey = keys[expert];
                best = expert;
            }
        }

        return best;
    }

    private Span<float> Row(float[] cells, int token) => cells.AsSpan(token * shape.Experts, shape.Experts);
}
