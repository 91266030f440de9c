using System.Globalization;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>The points of one operation, ordered by tokens and then by distinct experts; equal points are averaged.</summary>
internal sealed class CostGrid
{
    private readonly double[] _tokens;
    private readonly Point[][] _rows;

    public CostGrid(IEnumerable<KernelCostRecord> records)
    {
        var byTokens = records.GroupBy(r => r.Tokens).OrderBy(g => g.Key).ToList();
        _tokens = [.. byTokens.Select(g => g.Key)];
        _rows = [.. byTokens.Select(g => g.GroupBy(r => r.DistinctExperts ?? 0).OrderBy(p => p.Key)
            .Select(p => new Point(p.Key, p.Average(r => r.EnergyJoules), p.Average(r => r.LatencyMilliseconds), p.Max(r => r.Source))).ToArray())];
    }

    public CostEstimate Estimate(string operation, double tokens, double? distinct, double greatestFactor)
    {
        var weakest = _rows.Max(r => r.Max(p => p.Source));
        if (!(tokens > 0))
        {
            return Refuse(weakest, $"{operation} of {tokens} tokens: above 0 expected");
        }

        if (tokens > _tokens[^1] * greatestFactor || tokens < _tokens[0] / greatestFactor)
        {
            return Refuse(weakest, $"{operation} of {tokens} tokens is more than {greatestFactor} x outside the measured {_tokens[0]} to {_tokens[^1]}: calibrate nearer to it");
        }

        // Two neighbours in tokens; outside the range the two outermost ones, so that the line goes on.
        var i = Array.FindIndex(_tokens, t => t >= tokens);
        var (low, high) = i < 0 ? (_tokens.Length - 2, _tokens.Length - 1) : i == 0 ? (0, 1) : (i - 1, i);
        if (i >= 0 && _tokens[i] == tokens)
        {
            (low, high) = (i, i);
        }

        (low, high) = (Math.Clamp(low, 0, _tokens.Length - 1), Math.Clamp(high, 0, _tokens.Length - 1));
        if (!Along(_rows[low], distinct, greatestFactor, out var below, out var outsideLow) || !Along(_rows[high], distinct, greatestFactor, out var above, out var outsideHigh))
        {
            return Refuse(weakest, $"{operation} with {distinct} distinct experts at {tokens} tokens is more than {greatestFactor} x outside the measured range: calibrate nearer to it");
        }

        var share = low == high ? 0 : (tokens - _tokens[low]) / (_tokens[high] - _tokens[low]);
        var extrapolated = outsideLow || outsideHigh || share is < 0 or > 1 || tokens < _tokens[0] || tokens > _tokens[^1];
        var energy = below.Energy + share * (above.Energy - below.Energy);
        var latency = below.Latency + share * (above.Latency - below.Latency);
        return energy > 0 && latency > 0
            ? new(energy, latency, extrapolated ? CostCoverage.Extrapolated : CostCoverage.Interpolated, weakest, null)
            : Refuse(weakest, $"{operation} of {tokens} tokens extrapolates to {energy} J, not above 0: calibrate nearer to it");
    }

    private static bool Along(Point[] row, double? distinct, double greatestFactor, out Point point, out bool outside)
    {
        point = row[0];
        outside = false;
        if (row.Length == 1 && (distinct is null || row[0].Distinct == 0))
        {
            return true;
        }

        if (distinct is not { } u || !(u > 0) || u > row[^1].Distinct * greatestFactor || u < row[0].Distinct / greatestFactor)
        {
            return false;
        }

        outside = u < row[0].Distinct || u > row[^1].Distinct;
        if (row.Length == 1)
        {
            return true;
        }

        var i = Math.Clamp(Array.FindIndex(row, p => p.Distinct >= u) is var found && found < 0 ? row.Length - 1 : found, 1, row.Length - 1);
        var (a, b) = (row[i - 1], row[i]);
        var share = (u - a.Distinct) / (b.Distinct - a.Distinct);
        point = new(u, a.Energy + share * (b.Energy - a.Energy), a.Latency + share * (b.Latency - a.Latency), a.Source);
        return true;
    }

    private static CostEstimate Refuse(KernelCostSource source, FormattableString why) => new(null, null, CostCoverage.Refused, source, why.ToString(CultureInfo.InvariantCulture));

    private readonly record struct Point(double Distinct, double Energy, double Latency, KernelCostSource Source);
}
