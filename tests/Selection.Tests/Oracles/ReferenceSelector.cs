using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Selection.Tests.Oracles;

/// <summary>
/// The selector written down a second time, slowly and in doubles, sharing no code with the first. Where two doubles that decide something lie so close
/// that float arithmetic may see them the other way round, it raises <see cref="Doubt"/> and the comparison leaves that case out.
/// </summary>
internal sealed class ReferenceSelector(SelectorShape shape, float[]? trained = null)
{
    private const double Close = 2e-6;
    private const double CloseCosts = 3e-7;
    private const double CloseKeys = 5e-7;

    public bool Doubt { get; private set; }

    public List<int>[] Sets { get; private set; } = [];

    public double[] Retained { get; private set; } = [];

    public double[][] Scores { get; private set; } = [];

    public void Select(float[] logits, int tokens, SelectionEpoch epoch)
    {
        Doubt = false;
        var all = Enumerable.Range(0, tokens).Select(t => logits.AsSpan(t * shape.Experts, shape.Experts).ToArray()).ToArray();
        Scores = all.Select(Score).ToArray();
        var plainKeys = all.Select((z, t) => Keys(z, Scores[t], trained)).ToArray();
        var plainAllowed = plainKeys.Select(Allowed).ToArray();
        var plain = plainKeys.Select((keys, t) => Best(keys, plainAllowed[t])).ToArray();
        var plainMass = plain.Select((set, t) => set.Sum(e => Scores[t][e])).ToArray();
        var keys = plainKeys.Select(row => row.Select((key, e) => IsMask(key) ? key : (double)((float)key + epoch.Bias[e])).ToArray()).ToArray();
        if (shape.BiasSpace != BiasSpace.Logit)
        {
            keys = plainKeys.Select(row => row.Select((key, e) => IsMask(key) ? key : key + epoch.Bias[e]).ToArray()).ToArray();
        }

        var allowed = keys.Select(Allowed).ToArray();
        var bound = Math.Max(epoch.GuardBound, epoch.BatchStep.RetainedMass);
        Sets = keys.Select((row, t) => Best(row, allowed[t])).ToArray();
        for (var t = 0; t < tokens; t++)
        {
            if (!Enough(t, Sets[t], plain[t], plainMass[t], bound))
            {
                if (shape.IsGrouped)
                {
                    Sets[t] = plain[t];
                    keys[t] = plainKeys[t];
                    allowed[t] = plainAllowed[t];
                }
                else
                {
                    Repair(t, plain[t], plainMass[t], bound);
                }
            }
        }

        var prices = epoch.BatchStep.IsPriced && epoch.Prices.Length > 0 ? epoch.Prices.Select(p => (double)p).ToArray() : null;
        switch (epoch.BatchStep.Kind)
        {
            case BatchStepKind.OpportunisticActivation:
                Activate(keys, allowed, plainMass, bound, epoch.BatchStep.OwnExperts);
                break;
            case BatchStepKind.GreedyConsolidation:
                ByDemand(keys, allowed, plainMass, bound, prices);
                break;
            case BatchStepKind.MarginalConsolidation:
                ByLoss(keys, allowed, plainMass, bound, prices, epoch.BatchStep.MassPerExpert);
                break;
        }

        Retained = Sets.Select((set, t) => plainMass[t] > 0 ? set.Sum(e => Scores[t][e]) / plainMass[t] : 1).ToArray();
        Sets = Sets.Select((set, t) => set.OrderByDescending(e => plainKeys[t][e]).ThenBy(e => e).ToList()).ToArray();
    }

    private static bool IsMask(double logit) => double.IsNaN(logit) || logit <= float.MinValue;

    private double[] Score(float[] z)
    {
        if (shape.Gate == GateKind.Sigmoid)
        {
            return z.Select(v => IsMask(v) ? 0 : 1 / (1 + Math.Exp(-(double)v))).ToArray();
        }

        if (shape.Gate == GateKind.SqrtSoftplus)
        {
            return z.Select(v => IsMask(v) ? 0 : Math.Sqrt(v > 40 ? Math.Min(v, float.MaxValue) : v < -30 ? Math.Exp(v) : Math.Log(1 + Math.Exp(v)))).ToArray();
        }

        var real = z.Where(v => !IsMask(v)).ToArray();
        if (real.Length == 0)
        {
            return new double[z.Length];
        }

        double largest = real.Max();
        var weights = z.Select(v => IsMask(v) ? 0 : v == largest ? 1 : Math.Exp(v - largest)).ToArray();
        var sum = weights.Sum();
        return weights.Select(w => w / sum).ToArray();
    }

    private double[] Keys(float[] z, double[] scores, float[]? bias) => z.Select((v, e) =>
        IsMask(v) ? float.MinValue
        : shape.BiasSpace == BiasSpace.Logit ? (bias is null ? v : v + bias[e])
        : scores[e] + (bias?[e] ?? 0)).ToArray();

    private bool[] Allowed(double[] keys)
    {
        if (!shape.IsGrouped)
        {
            return Enumerable.Repeat(true, shape.Experts).ToArray();
        }

        var largest = keys.Max();
        var worth = Enumerable.Range(0, shape.Groups).Select(g =>
        {
            var best = keys.Skip(g * shape.GroupSize).Take(shape.GroupSize).OrderByDescending(v => v).ToArray();
            if (shape.GroupScore == GroupScore.Maximum || best.Length == 1)
            {
                return best[0];
            }

            double Part(double key) => shape.BiasSpace != BiasSpace.Logit ? (IsMask(key) ? float.MinValue / 4 : key)
                : IsMask(key) ? 0
                : shape.Gate == GateKind.Softmax ? (key == largest ? 1 : Math.Exp(key - largest))
                : Score([(float)key])[0];
            return Part(best[0]) + Part(best[1]);
        }).ToArray();
        var kept = Ranked(worth, Enumerable.Range(0, shape.Groups).ToList(), shape.TopGroups, exact: shape.GroupScore == GroupScore.Maximum);
        return Enumerable.Range(0, shape.Experts).Select(e => kept.Contains(e / shape.GroupSize)).ToArray();
    }

    private List<int> Best(double[] keys, bool[] allowed) =>
        Ranked(keys, Enumerable.Range(0, shape.Experts).Where(e => allowed[e]).ToList(), shape.TopK, shape.BiasSpace == BiasSpace.Logit);

    private List<int> Ranked(double[] values, List<int> among, int count, bool exact)
    {
        var order = among.OrderByDescending(i => values[i]).ThenBy(i => i).ToList();
        for (var i = 0; i < order.Count - 1 && order.Count > count && (!exact || shape.BiasSpace != BiasSpace.Logit); i++)
        {
            // Inside the set neighbours decide its order; outside, whoever comes close to the last of the set could have been it.
            double a = values[order[Math.Min(i, count - 1)]], b = values[order[i + 1]];
            Doubt |= a != b && Math.Abs(a - b) <= (CloseKeys * Math.Max(Math.Abs(a), Math.Abs(b))) + 1e-12;
        }

        return order.Take(count).ToList();
    }

    private bool Enough(int t, List<int> set, List<int> plain, double plainMass, double bound)
    {
        if (plainMass <= 0 || set.ToHashSet().SetEquals(plain))
        {
            return true;
        }

        var share = set.Sum(e => Scores[t][e]) / plainMass;
        Doubt |= Math.Abs(share - bound) < Close;
        return share >= bound;
    }

    private void Repair(int t, List<int> plain, double plainMass, double bound)
    {
        foreach (var returning in plain)
        {
            if (Sets[t].Contains(returning))
            {
                continue;
            }

            var strangers = Sets[t].Where(e => !plain.Contains(e)).OrderBy(e => Scores[t][e]).ThenByDescending(e => e).ToList();
            Doubt |= strangers.Count > 1 && Scores[t][strangers[1]] != Scores[t][strangers[0]]
                && Scores[t][strangers[1]] - Scores[t][strangers[0]] <= CloseKeys * Scores[t][strangers[1]];
            Sets[t][Sets[t].IndexOf(strangers[0])] = returning;
            if (Enough(t, Sets[t], plain, plainMass, bound))
            {
                return;
            }
        }
    }

    private int Next(int t, double[] keys, bool[] allowed, HashSet<int> present) =>
        Enumerable.Range(0, shape.Experts).Where(e => allowed[e] && present.Contains(e) && !Sets[t].Contains(e))
            .OrderByDescending(e => keys[e]).ThenBy(e => e).DefaultIfEmpty(-1).First();

    private bool TryLeave(int expert, double[][] keys, bool[][] allowed, double[] plainMass, double bound, HashSet<int> present)
    {
        var users = Enumerable.Range(0, Sets.Length).Where(t => Sets[t].Contains(expert)).ToList();
        var next = users.ToDictionary(t => t, t => Next(t, keys[t], allowed[t], present));
        var may = users.TrueForAll(t => next[t] >= 0 || Sets[t].Count > 1);
        foreach (var t in users.Where(t => plainMass[t] > 0))
        {
            var share = (Sets[t].Sum(e => Scores[t][e]) - Scores[t][expert] + (next[t] < 0 ? 0 : Scores[t][next[t]])) / plainMass[t];
            Doubt |= Math.Abs(share - bound) < Close;
            may &= share >= bound;
        }

        if (!may)
        {
            return false;
        }

        present.Remove(expert);
        foreach (var t in users)
        {
            Sets[t].Remove(expert);
            if (next[t] >= 0)
            {
                Sets[t].Add(next[t]);
            }
        }

        return true;
    }

    private double[] Relative(double[]? prices) => prices is null || prices.Average() <= 0
        ? Enumerable.Repeat(1.0, shape.Experts).ToArray()
        : prices.Select(p => prices.Average() / p).ToArray();

    private void ByDemand(double[][] keys, bool[][] allowed, double[] plainMass, double bound, double[]? prices)
    {
        var present = Sets.SelectMany(s => s).ToHashSet();
        var relative = Relative(prices);
        var demand = Enumerable.Range(0, shape.Experts)
            .Select(e => relative[e] * Enumerable.Range(0, Sets.Length).Sum(t => Sets[t].Contains(e) && plainMass[t] > 0 ? Scores[t][e] / plainMass[t] : 0)).ToArray();
        var order = present.Where(e => !double.IsInfinity(relative[e])).OrderBy(e => demand[e]).ThenBy(e => e).ToList();
        for (var i = 1; i < order.Count; i++)
        {
            Doubt |= demand[order[i]] - demand[order[i - 1]] <= CloseCosts && demand[order[i]] != demand[order[i - 1]];
        }

        foreach (var expert in order)
        {
            TryLeave(expert, keys, allowed, plainMass, bound, present);
        }
    }

    private void ByLoss(double[][] keys, bool[][] allowed, double[] plainMass, double bound, double[]? prices, double limit)
    {
        var present = Sets.SelectMany(s => s).ToHashSet();
        var relative = Relative(prices);
        var settled = new HashSet<int>();
        while (true)
        {
            double Cost(int e) => relative[e] * Enumerable.Range(0, Sets.Length).Where(t => Sets[t].Contains(e) && plainMass[t] > 0).Sum(t =>
            {
                var next = Next(t, keys[t], allowed[t], present);
                return (Scores[t][e] - (next < 0 ? 0 : Scores[t][next])) / plainMass[t];
            });
            var costs = present.Where(e => !settled.Contains(e) && !double.IsInfinity(relative[e]))
                .Select(e => (Expert: e, Cost: Cost(e))).OrderBy(c => c.Cost).ThenBy(c => c.Expert).ToList();
            if (costs.Count == 0)
            {
                return;
            }

            Doubt |= costs.Count > 1 && costs[1].Cost != costs[0].Cost && costs[1].Cost - costs[0].Cost <= CloseCosts;
            Doubt |= Math.Abs(costs[0].Cost - limit) <= CloseCosts;
            if (costs[0].Cost > limit)
            {
                return;
            }

            settled.Add(costs[0].Expert);
            TryLeave(costs[0].Expert, keys, allowed, plainMass, bound, present);
        }
    }

    private void Activate(double[][] keys, bool[][] allowed, double[] plainMass, double bound, int own)
    {
        var mine = Sets.Select((set, t) => set.OrderByDescending(e => keys[t][e]).ThenBy(e => e).ToList()).ToArray();
        var present = mine.SelectMany(set => set.Take(own)).ToHashSet();
        List<int> Take(int t, double[] by) => Ranked(by, present.Where(e => allowed[t][e]).OrderBy(e => e).ToList(), shape.TopK, true);
        double Share(int t, List<int> set) => plainMass[t] > 0 ? set.Sum(e => Scores[t][e]) / plainMass[t] : 1;
        for (var t = 0; t < mine.Length; t++)
        {
            for (var slot = 0; slot < mine[t].Count && Share(t, Take(t, keys[t])) < bound; slot++)
            {
                Doubt |= Math.Abs(Share(t, Take(t, keys[t])) - bound) < Close;
                present.Add(mine[t][slot]);
            }

            Doubt |= Math.Abs(Share(t, Take(t, keys[t])) - bound) < Close && bound < 1;
        }

        for (var t = 0; t < mine.Length; t++)
        {
            Sets[t] = Take(t, keys[t]);
            if (Share(t, Sets[t]) < bound * (1 - 1e-9))
            {
                Sets[t] = Take(t, Scores[t]);
            }
        }
    }
}
