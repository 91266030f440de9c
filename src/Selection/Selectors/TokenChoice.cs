namespace EnergyTTT.Selection.Selectors;

/// <summary>What one token's own choice amounts to.</summary>
/// <param name="PlainMass">Sum of unbiased scores over the plain top-k set.</param>
/// <param name="Mass">Sum of unbiased scores over the chosen set.</param>
/// <param name="Scale">What turns a score into a weight when weights are not renormalised: 1 over the sum of softmax scores, else 1.</param>
/// <param name="Divergence">KL(q||p) in nats between the biased and the unbiased gate of this token.</param>
/// <param name="Tripped">Whether the biased choice broke the guard and was repaired.</param>
internal readonly record struct TokenChoice(double PlainMass, double Mass, float Scale, double Divergence, bool Tripped)
{
    /// <summary>rho, with 0/0 = 1: a token whose experts are all masked loses nothing.</summary>
    public double Retained => PlainMass > 0 ? Mass / PlainMass : 1;
}
