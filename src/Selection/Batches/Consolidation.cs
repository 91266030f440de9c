using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Rows;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Selection.Batches;

/// <summary>
/// Removes experts from a batch one by one: every token that used the leaving expert takes its next best present expert instead, and an expert stays
/// when that would break the bound of any token. Two orders of leaving are offered.
/// </summary>
internal sealed class Consolidation(SelectorShape shape)
{
    private readonly Membership _users = new(shape.Experts);
    private readonly float[] _caps = new float[Row.Length(shape.Experts)];
    private readonly double[] _perPrice = new double[shape.Experts];
    private readonly long[] _order = new long[shape.Experts];
    private readonly long[] _loss = new long[shape.Experts];
    private readonly bool[] _settled = new bool[shape.Experts];
    private readonly int _k = shape.TopK;
    private BatchRows _rows = null!; // Begin() sets it before any use.

    /// <summary>
    /// Greedy consolidation: in the order of demand (the sum over tokens of the expert's share of the token's mass, per relative price), least first.
    /// </summary>
    public void ByDemand(BatchRows rows, Span<int> chosen, ReadOnlySpan<float> prices)
    {
        Begin(rows, chosen, prices);
        Array.Clear(_loss);
        for (var token = 0; token < rows.Tokens; token++)
        {
            var shares = rows.Shares(token);
            foreach (var expert in Of(chosen, token))
            {
                _loss[expert] += shares[expert];
            }
        }

        // The expert rides in the low 16 bits: equal demand leaves lower indices first. 2^46 units are 2^18 tokens' whole mass.
        var candidates = 0;
        for (var expert = 0; expert < shape.Experts; expert++)
        {
            if (!_settled[expert])
            {
                var demand = (long)Math.Min(_loss[expert] * _perPrice[expert], 1L << 46);
                _order[candidates++] = (demand << 16) | (uint)expert;
            }
        }

        var order = _order.AsSpan(0, candidates);
        order.Sort();
        foreach (var entry in order)
        {
            var expert = (int)(entry & 0xFFFF);
            if (CanLeave(chosen, expert))
            {
                Leave(chosen, expert, accountsLoss: false);
            }
        }
    }

    /// <summary>
    /// Marginal consolidation: always the expert whose leaving costs least gate mass per relative price, as long as that is at most
    /// <paramref name="massPerExpert"/> (summed over tokens, in shares of one token's mass).
    /// </summary>
    public void ByLoss(BatchRows rows, Span<int> chosen, ReadOnlySpan<float> prices, double massPerExpert)
    {
        Begin(rows, chosen, prices);
        Array.Clear(_loss);
        for (var token = 0; token < rows.Tokens; token++)
        {
            Account(Of(chosen, token), token, 1);
        }

        var limit = massPerExpert * BatchRows.Unit;
        while (true)
        {
            var least = -1;
            var leastCost = double.PositiveInfinity;
            for (var expert = 0; expert < _loss.Length; expert++)
            {
                var cost = _loss[expert] * _perPrice[expert];
                if (cost < leastCost && !_settled[expert])
                {
                    leastCost = cost;
                    least = expert;
                }
            }

            if (least < 0 || leastCost > limit)
            {
                return;
            }

            _settled[least] = true;
            if (CanLeave(chosen, least))
            {
                Leave(chosen, least, accountsLoss: true);
            }
        }
    }

    private void Begin(BatchRows rows, ReadOnlySpan<int> chosen, ReadOnlySpan<float> prices)
    {
        _rows = rows;
        _users.Begin(rows.Tokens);
        Array.Clear(_caps);
        for (var token = 0; token < rows.Tokens; token++)
        {
            foreach (var expert in Of(chosen, token))
            {
                _users.Add(expert, token);
                _caps[expert] = 1;
            }
        }

        Prices(prices);
        for (var expert = 0; expert < shape.Experts; expert++)
        {
            // Nobody's expert has left already; a free one has no reason to leave.
            _settled[expert] = _caps[expert] == 0 || double.IsPositiveInfinity(_perPrice[expert]);
        }

        for (var token = 0; token < rows.Tokens; token++)
        {
            var keys = rows.Keys(token);
            RowMath.Cap(keys, _caps, keys);
            foreach (var expert in Of(chosen, token))
            {
                keys[expert] = Row.Excluded;
            }

            rows.Next[token] = RowMath.IndexOfLargest(keys);
        }
    }

    // Relative to the mean price, so that a limit in mass keeps its meaning whatever the unit of prices.
    private void Prices(ReadOnlySpan<float> prices)
    {
        double mean = 0;
        foreach (var price in prices)
        {
            mean += price;
        }

        mean /= Math.Max(1, prices.Length);
        for (var expert = 0; expert < _perPrice.Length; expert++)
        {
            _perPrice[expert] = mean > 0 ? mean / prices[expert] : 1;
        }
    }

    private bool CanLeave(ReadOnlySpan<int> chosen, int leaving)
    {
        var users = _users.Of(leaving);
        for (var word = 0; word < users.Length; word++)
        {
            for (var bits = users[word]; bits != 0;)
            {
                var token = (word << 6) + Membership.Pop(ref bits);
                var shares = _rows.Shares(token);
                var next = _rows.Next[token];
                if (_rows.Mass[token] - shares[leaving] + (next < 0 ? 0 : shares[next]) < _rows.Needed[token] || (next < 0 && IsLast(Of(chosen, token))))
                {
                    return false;
                }
            }
        }

        return true;
    }

    // A token never loses its last expert, however low the bound.
    private static bool IsLast(ReadOnlySpan<int> set) => set.Length - set.Count(Selector.Unused) <= 1;

    private void Leave(Span<int> chosen, int leaving, bool accountsLoss)
    {
        var users = _users.Of(leaving);
        for (var word = 0; word < users.Length; word++)
        {
            for (var bits = users[word]; bits != 0;)
            {
                var token = (word << 6) + Membership.Pop(ref bits);
                var set = Of(chosen, token);
                if (accountsLoss)
                {
                    Account(set, token, -1);
                }

                var shares = _rows.Shares(token);
                var next = _rows.Next[token];
                set[set.IndexOf(leaving)] = next;
                _rows.Mass[token] -= shares[leaving];
                if (next >= 0)
                {
                    _rows.Mass[token] += shares[next];
                    _rows.Keys(token)[next] = Row.Excluded;
                    _users.Add(next, token);
                }

                _rows.Next[token] = RowMath.IndexOfLargest(_rows.Keys(token));
                if (accountsLoss)
                {
                    Account(set, token, 1);
                }
            }

            users[word] = 0;
        }

        for (var token = 0; token < _rows.Tokens; token++)
        {
            var keys = _rows.Keys(token);
            keys[leaving] = Row.Excluded;
            if (_rows.Next[token] == leaving)
            {
                var set = Of(chosen, token);
                if (accountsLoss)
                {
                    Account(set, token, -1);
                }

                _rows.Next[token] = RowMath.IndexOfLargest(keys);
                if (accountsLoss)
                {
                    Account(set, token, 1);
                }
            }
        }
    }

    // What each expert of a token's set would cost it: its share less that of the next best.
    private void Account(ReadOnlySpan<int> set, int token, int sign)
    {
        var shares = _rows.Shares(token);
        var next = _rows.Next[token];
        var substitute = next < 0 ? 0 : shares[next];
        foreach (var expert in set)
        {
            if (expert >= 0)
            {
                _loss[expert] += sign * (shares[expert] - substitute);
            }
        }
    }

    private Span<int> Of(Span<int> chosen, int token) => chosen.Slice(token * _k, _k);

    private ReadOnlySpan<int> Of(ReadOnlySpan<int> chosen, int token) => chosen.Slice(token * _k, _k);
}
