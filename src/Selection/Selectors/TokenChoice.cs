namespace EnergyTTT.Selection.Selectors;

/// <summary>What one token's own choice amounts to.</summary>
/// <param name="PlainMass">Sum of unbiased scores over the plain top-k set.</param>
/// <param name="Mass">Sum of unbiased scores over the chosen set.</param>
/// <param name="Divergence">KL(q||p) in nats between the biased and the unbiased gate of this token.</param>
/// <param name="Tripped">Whether the biased choice broke the guard and was repaired.</param>
/// <param name="OwnGroups">Whether the choice was made in the groups that the unbiased gate prefers.</param>
internal readonly record struct TokenChoice(double PlainMass, double Mass, double Divergence, bool Tripped, bool OwnGroups)
{
    /// <summary>rho, with 0/0 = 1: a token whose experts are all masked loses nothing.</summary>
    public double Retained => PlainMass > 0 ? Mass / PlainMass : 1;
}

/// <summary>Sums over the tokens of a call.</summary>
internal struct ChoiceOutcome
{
    public double Divergence;
    public int GuardTrips;

    public void Add(TokenChoice choice)
    {
        Divergence += choice.Divergence;
        GuardTrips += choice.Tripped ? 1 : 0;
    }
}
