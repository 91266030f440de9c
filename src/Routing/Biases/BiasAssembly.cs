using EnergyTTT.Selection.Biases;

namespace EnergyTTT.Routing.Biases;

/// <summary>
/// Puts the terms of a bias together: <c>b = Pi_R(b_price + b_int + b_fast)</c>, approached from the bias in force by at most a step per window.
/// </summary>
public static class BiasAssembly
{
    /// <summary>Greatest change of any expert's bias per window, in logits.</summary>
    public const double DefaultStep = 0.05;

    /// <summary>
    /// <c>b' = b + min(1, step / |target - b|_inf) (target - b)</c> with <c>target = Pi_R(sum)</c>.
    /// </summary>
    /// <param name="current">b, the bias in force <c>[experts]</c>.</param>
    /// <param name="sum">b_price + b_int + b_fast <c>[experts]</c>; NaN and infinities are projected away.</param>
    /// <param name="spread">R in logits, 0 or more.</param>
    /// <param name="step">Greatest change per expert, above 0.</param>
    /// <param name="result">Receives b' <c>[experts]</c>: sum 0, spread at most R. If the bias in force is wider than R (the policy was tightened) it is projected at once: a bound is kept before a rate.</param>
    /// <remarks>
    /// Biases with sum 0 and spread at most R form a convex set, so a point between two of them needs no second projection, and no expert moves by more than the step. (Limiting each expert on its
    /// own and projecting afterwards can do neither.) Source: router specification 3.5; the convex step is ours.
    /// </remarks>
    public static void Step(ReadOnlySpan<float> current, ReadOnlySpan<double> sum, double spread, double step, Span<float> result)
    {
        if (current.Length != sum.Length || result.Length != sum.Length)
            throw new ArgumentException($"{current.Length} biases in force, {sum.Length} sums, room for {result.Length}: one of each per expert expected");
        if (!(step > 0))
            throw new ArgumentOutOfRangeException(nameof(step), step, "a step above 0 expected");

        var target = new float[sum.Length];
        for (var e = 0; e < target.Length; e++)
            target[e] = (float)sum[e];
        BiasProjection.Project(target, (float)spread);

        current.CopyTo(result);
        if (Spread(result) > spread)
            BiasProjection.Project(result, (float)spread);
        var distance = 0.0;
        for (var e = 0; e < target.Length; e++)
            distance = Math.Max(distance, Math.Abs((double)target[e] - result[e]));
        if (distance == 0)
            return;

        var share = Math.Min(1, step / distance);
        for (var e = 0; e < target.Length; e++)
            result[e] = share == 1 ? target[e] : (float)(result[e] + (share * ((double)target[e] - result[e])));
        if (share < 1)
            BiasProjection.Project(result, (float)spread); // Takes out the rounding only: sum and spread fit already.
    }

    /// <summary>Greatest less least entry; 0 for none.</summary>
    public static double Spread(ReadOnlySpan<float> bias)
    {
        float least = float.PositiveInfinity, most = float.NegativeInfinity;
        foreach (var b in bias)
            (least, most) = (Math.Min(least, b), Math.Max(most, b));
        return bias.IsEmpty ? 0 : (double)most - least;
    }
}
