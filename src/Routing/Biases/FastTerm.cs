using EnergyTTT.Routing.Losses;

namespace EnergyTTT.Routing.Biases;

/// <summary>
/// The length gamma of the fast term <c>b_fast = gamma f</c>. Row norms are restored, so f can never shrink to 0: f is a direction, and whether to go there at all is decided here, on the
/// window's own data, every time.
/// </summary>
public static class FastTerm
{
    /// <summary>Share of the last gamma that stays (EMA).</summary>
    public const double Memory = 0.8;

    /// <summary>
    /// <c>gamma = .8 gamma + .2 argmin_(0 to greatest) L(b + gamma f)</c>, and 0 unless <c>L(b + gamma f) &lt;= L(b)</c>.
    /// </summary>
    /// <param name="loss">L.</param>
    /// <param name="sample">The gates of the buffered tokens; with none the answer is 0.</param>
    /// <param name="bias">b = b_price + b_int <c>[experts]</c>.</param>
    /// <param name="direction">f <c>[experts]</c>; not finite gives 0.</param>
    /// <param name="previous">The last gamma, 0 or more.</param>
    /// <param name="greatest">gamma_max, 0 or more.</param>
    /// <returns>gamma, 0 to the greatest. Adding the fast term never raises the loss on this data; a fresh router (0) stays at 0 unless it helps.</returns>
    /// <remarks>Source: router specification 3.5.</remarks>
    public static double Length(LossModel loss, GateSample sample, ReadOnlySpan<double> bias, ReadOnlySpan<float> direction, double previous, double greatest)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(sample);
        double[] start = [.. bias], moved = new double[bias.Length];
        float[] f = [.. direction];
        if (sample.Count == 0 || Array.Exists(f, value => !float.IsFinite(value)))
            return 0;

        double At(double gamma)
        {
            for (var e = 0; e < moved.Length; e++)
                moved[e] = start[e] + (gamma * f[e]);
            return loss.Evaluate(sample, moved).Total;
        }

        var best = GoldenSection.Minimise(At, greatest);
        var gamma = Math.Min((Memory * previous) + ((1 - Memory) * best), greatest);
        return gamma > 0 && At(gamma) <= At(0) ? gamma : 0;
    }
}
