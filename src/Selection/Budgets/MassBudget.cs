namespace EnergyTTT.Selection.Budgets;

/// <summary>
/// Spends a budget of gate mass where it buys most: it steers the exchange rate of marginal consolidation so that the mean retained mass, over all
/// layers, steps and phases that share the budget, comes to a target. One rate everywhere means that the last expert avoided costs the same mass
/// wherever it was avoided, which no fixed bound per layer or phase achieves. The guard of the epoch stays a hard bound beneath it.
/// </summary>
/// <remarks>Integral control of the logarithm of the rate: multiplicative steps, at most a factor of 2 each. Not thread-safe.</remarks>
public sealed class MassBudget
{
    private const double Gain = 0.5;
    private readonly double _lowest;
    private readonly double _highest;

    /// <summary>Starts a budget.</summary>
    /// <param name="retainedMass">The mean share of gate mass to keep, in (0, 1).</param>
    /// <param name="massPerExpert">The rate to start from, above 0.</param>
    /// <param name="lowest">The rate never falls below this, above 0.</param>
    /// <param name="highest">The rate never rises above this.</param>
    public MassBudget(double retainedMass, double massPerExpert = 0.05, double lowest = 1e-4, double highest = 4)
    {
        if (!(retainedMass is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(retainedMass), retainedMass, "The mean share to keep lies between 0 and 1; to keep everything use no batch-aware step.");
        }

        if (!(lowest > 0) || !(highest >= lowest) || !(massPerExpert >= lowest && massPerExpert <= highest))
        {
            throw new ArgumentOutOfRangeException(nameof(massPerExpert), massPerExpert, $"The rate starts between {lowest} and {highest}, both above 0.");
        }

        RetainedMass = retainedMass;
        MassPerExpert = massPerExpert;
        _lowest = lowest;
        _highest = highest;
    }

    /// <summary>The mean share of gate mass to keep.</summary>
    public double RetainedMass { get; }

    /// <summary>lambda, the rate for the next window: total mass, in shares of one token, that avoiding one expert may cost.</summary>
    public double MassPerExpert { get; private set; }

    /// <summary>Learns from a window: <c>ln lambda += g (lost_target - lost) / lost_target</c>, the step limited to ln 2.</summary>
    /// <param name="retainedMassMean">The mean retained mass that the rate led to. What is not finite is ignored.</param>
    public void Observe(double retainedMassMean)
    {
        if (!double.IsFinite(retainedMassMean))
        {
            return;
        }

        var allowed = 1 - RetainedMass;
        var step = Gain * (allowed - (1 - retainedMassMean)) / allowed;
        MassPerExpert = Math.Clamp(MassPerExpert * Math.Exp(Math.Clamp(step, -Math.Log(2), Math.Log(2))), _lowest, _highest);
    }
}
