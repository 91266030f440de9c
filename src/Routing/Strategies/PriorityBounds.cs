namespace EnergyTTT.Routing.Strategies;

/// <summary>The bounds of quality that a priority class works under.</summary>
/// <param name="Spread">R in logits.</param>
/// <param name="Divergence">Mean KL in nats.</param>
/// <param name="Guard">rho_min, 0 to 1.</param>
public readonly record struct PriorityBounds(double Spread, double Divergence, float Guard)
{
    /// <summary>
    /// Standard: the policy's own. Interactive: <c>R/4, eps/16, (1 + rho)/2</c>. Batch: <c>2R, 4 eps, rho</c>. Divergence goes with the square of the spread, as its bound R^2/8 does.
    /// </summary>
    /// <remarks>Source: ours, for the Hierarchical strategy of router specification 3.7.</remarks>
    public PriorityBounds For(PriorityClass priority) => priority switch
    {
        PriorityClass.Interactive => new(Spread / 4, Divergence / 16, (1 + Guard) / 2),
        PriorityClass.Batch => new(Spread * 2, Divergence * 4, Guard),
        _ => this,
    };
}
