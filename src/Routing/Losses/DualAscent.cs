namespace EnergyTTT.Routing.Losses;

/// <summary>
/// Multipliers on the weights of energy and heat: <c>ln m += rate * hinge</c> while the target is exceeded, <c>ln m *= 1 - rate</c> while it is kept, so that a weight comes back once its
/// target is met. Not thread-safe.
/// </summary>
/// <remarks>Source: router specification 3.5 (rate .01, clamp .25 to 4); the way back is ours, since hinge terms alone could only rise (docs/decisions/0062).</remarks>
public sealed class DualAscent
{
    /// <summary>Rate of the ascent per window.</summary>
    public const double Rate = 0.01;

    /// <summary>Least and greatest multiplier.</summary>
    public const double Least = 0.25, Greatest = 4;

    /// <summary>Multiplier of the energy weight, .25 to 4; 1 at the start.</summary>
    public double Energy { get; private set; } = 1;

    /// <summary>Multiplier of the thermal weight, .25 to 4; 1 at the start.</summary>
    public double Thermal { get; private set; } = 1;

    /// <summary>Takes the scoreboard of one window; a term that was not observed leaves its multiplier.</summary>
    public void Update(LossComponents scoreboard)
    {
        ArgumentNullException.ThrowIfNull(scoreboard);
        Energy = Moved(Energy, scoreboard.PowerLoss);
        Thermal = Moved(Thermal, scoreboard.TempLoss);
    }

    /// <summary>The weights with the multipliers on energy and heat, normalised.</summary>
    public ObjectiveWeights Apply(ObjectiveWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return (weights with { Energy = weights.Energy * Energy, Thermal = weights.Thermal * Thermal }).Normalised();
    }

    /// <summary>Puts multipliers back; values outside the clamp are clamped.</summary>
    public void Restore(double energy, double thermal) => (Energy, Thermal) = (Math.Clamp(energy, Least, Greatest), Math.Clamp(thermal, Least, Greatest));

    private static double Moved(double multiplier, double? hinge) => hinge switch
    {
        null => multiplier,
        > 0 => Math.Clamp(multiplier * Math.Exp(Rate * Math.Min(hinge.Value, 100)), Least, Greatest),
        _ => Math.Exp((1 - Rate) * Math.Log(multiplier)),
    };
}
