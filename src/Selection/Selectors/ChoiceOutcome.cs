namespace EnergyTTT.Selection.Selectors;

/// <summary>Sums over the tokens of a call.</summary>
internal struct ChoiceOutcome
{
    public double Divergence;
    public int GuardTrips;

    public void Add(in TokenChoice choice)
    {
        Divergence += choice.Divergence;
        GuardTrips += choice.Tripped ? 1 : 0;
    }
}
