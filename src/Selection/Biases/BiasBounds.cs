namespace EnergyTTT.Selection.Biases;

/// <summary>
/// What a logit-space bias of spread R = max b - min b can do at worst, for any gate and any token. Source: ours, from the log-ratio of the two gates
/// lying in an interval of width R (Hoeffding's lemma for KL); checked by the property tests of this room.
/// </summary>
public static class BiasBounds
{
    /// <summary>Upper bound of KL in nats, in either direction: <c>R^2 / 8</c>.</summary>
    public static double Divergence(double spread) => Checked(spread) * spread / 8;

    /// <summary>Upper bound of the total variation distance: <c>tanh(R / 4)</c>, below 1.</summary>
    public static double TotalVariation(double spread) => Math.Tanh(Checked(spread) / 4);

    /// <summary>Lower bound of the retained gate mass of top-k: <c>e^-R</c>.</summary>
    public static double RetainedMass(double spread) => Math.Exp(-Checked(spread));

    /// <summary>Score-space bias: how much the sum of scores over the chosen set may fall short of the plain set, <c>k R</c> (additive).</summary>
    public static double ScoreLoss(double spread, int topK) => topK * Checked(spread);

    private static double Checked(double spread) =>
        spread >= 0 ? spread : throw new ArgumentOutOfRangeException(nameof(spread), spread, "A spread is at least 0.");
}
