using System.Numerics;

namespace EnergyTTT.Routing.Losses;

/// <summary>
/// The gate under a bias: <c>q_te = p_te exp(b_e) / Z_t</c> with <c>Z_t = sum_e p_te exp(b_e)</c>, which is the softmax of <c>z + b</c>. No exponential per token is needed.
/// </summary>
public static class Tilt
{
    /// <summary>
    /// Mean tilted gate <c>qbar_e = mean_t q_te</c> and mean divergence <c>mean_t KL(q_t||p_t) = sum_e qbar_e b_e - mean_t ln Z_t</c>, in nats.
    /// </summary>
    /// <param name="probabilities">p <c>[rows, experts]</c>, each row with sum 1.</param>
    /// <param name="bias">b <c>[experts]</c>, logits, finite.</param>
    /// <param name="mean">Receives qbar <c>[experts]</c>, sum 1; all 0 for an empty sample.</param>
    /// <returns>Mean KL, 0 or more up to rounding; 0 for an empty sample.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    /// <remarks>Source: router specification 3.5; the factored form is ours.</remarks>
    public static double Mean(ReadOnlySpan<float> probabilities, ReadOnlySpan<double> bias, Span<double> mean)
    {
        Check(probabilities, bias, mean.Length);
        mean.Clear();
        if (probabilities.IsEmpty)
            return 0;

        var experts = bias.Length;
        var factors = experts <= 512 ? stackalloc double[experts] : new double[experts];
        var largest = Factors(bias, factors);
        var logs = 0.0;
        for (var at = 0; at < probabilities.Length; at += experts)
        {
            var row = probabilities.Slice(at, experts);
            var z = Dot(row, factors);
            logs += Math.Log(z);
            AddScaled(mean, row, 1 / z);
        }

        var rows = probabilities.Length / experts;
        var inner = 0.0;
        for (var e = 0; e < experts; e++)
        {
            mean[e] *= factors[e] / rows;
            inner += mean[e] * bias[e];
        }

        return inner - (logs / rows) - largest;
    }

    /// <summary>
    /// <c>sum_t q_te (w_e - sum_j q_tj w_j)</c>: the softmax Jacobian of each row applied to w, summed over the rows.
    /// </summary>
    /// <param name="probabilities">p <c>[rows, experts]</c>.</param>
    /// <param name="bias">b <c>[experts]</c>.</param>
    /// <param name="direction">w <c>[experts]</c>.</param>
    /// <param name="result">Receives the sum <c>[experts]</c>; its entries sum to 0.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    /// <remarks>With <c>w = h + beta b</c> this is the gradient of <c>sum_t h . q_t + beta KL(q_t||p_t)</c> (router specification 3.5).</remarks>
    public static void Jacobian(ReadOnlySpan<float> probabilities, ReadOnlySpan<double> bias, ReadOnlySpan<double> direction, Span<double> result)
    {
        Check(probabilities, bias, result.Length);
        Check(probabilities, direction, result.Length);
        var experts = bias.Length;
        var factors = experts <= 512 ? stackalloc double[experts] : new double[experts];
        var weighted = experts <= 512 ? stackalloc double[experts] : new double[experts];
        var used = experts <= 512 ? stackalloc double[experts] : new double[experts];
        Factors(bias, factors);
        for (var e = 0; e < experts; e++)
            weighted[e] = factors[e] * direction[e];

        // sum_t p_te / Z_t, and the same weighted by the row's mean of w.
        used.Clear();
        result.Clear();
        for (var at = 0; at < probabilities.Length; at += experts)
        {
            var row = probabilities.Slice(at, experts);
            var inverse = 1 / Dot(row, factors);
            AddScaled(used, row, inverse);
            AddScaled(result, row, inverse * inverse * Dot(row, weighted));
        }

        for (var e = 0; e < experts; e++)
            result[e] = factors[e] * ((used[e] * direction[e]) - result[e]);
    }

    private static double Factors(ReadOnlySpan<double> bias, Span<double> factors)
    {
        // Shifted by the largest bias so that no exponential overflows.
        var largest = double.NegativeInfinity;
        foreach (var b in bias)
            largest = Math.Max(largest, b);
        for (var e = 0; e < bias.Length; e++)
            factors[e] = Math.Exp(bias[e] - largest);
        return largest;
    }

    private static double Dot(ReadOnlySpan<float> row, ReadOnlySpan<double> factors)
    {
        var (sum, width, e) = (Vector<double>.Zero, Vector<float>.Count, 0);
        for (; e <= row.Length - width; e += width)
        {
            Vector.Widen(new Vector<float>(row[e..]), out var low, out var high);
            sum += (low * new Vector<double>(factors[e..])) + (high * new Vector<double>(factors[(e + (width / 2))..]));
        }

        // Lane by lane, so that the order of the additions is written down here.
        var total = 0.0;
        for (var lane = 0; lane < Vector<double>.Count; lane++)
            total += sum[lane];
        for (; e < row.Length; e++)
            total += row[e] * factors[e];
        return total;
    }

    private static void AddScaled(Span<double> target, ReadOnlySpan<float> row, double scale)
    {
        var (factor, width, e) = (new Vector<double>(scale), Vector<float>.Count, 0);
        for (; e <= row.Length - width; e += width)
        {
            Vector.Widen(new Vector<float>(row[e..]), out var low, out var high);
            var first = target[e..];
            var second = target[(e + (width / 2))..];
            (new Vector<double>(first) + (low * factor)).CopyTo(first);
            (new Vector<double>(second) + (high * factor)).CopyTo(second);
        }

        for (; e < row.Length; e++)
            target[e] += row[e] * scale;
    }

    private static void Check(ReadOnlySpan<float> probabilities, ReadOnlySpan<double> values, int room)
    {
        if (values.IsEmpty || probabilities.Length % values.Length != 0 || room != values.Length)
            throw new ArgumentException($"{probabilities.Length} probabilities, {values.Length} experts and room for {room} numbers do not fit");
    }
}
