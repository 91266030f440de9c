namespace EnergyTTT.Experiments.Gates;

/// <summary>What a gate did over some steps, all layers together.</summary>
/// <param name="Steps">Steps counted.</param>
/// <param name="Tokens">Tokens counted, once each.</param>
/// <param name="Distinct">Distinct experts, summed over layers and steps.</param>
/// <param name="Retained">Retained mass, summed over tokens and layers.</param>
/// <param name="RetainedMin">Least retained mass of any token in any layer; 1 of none.</param>
/// <param name="Layers">Layers.</param>
public readonly record struct GateTotals(long Steps, long Tokens, double Distinct, double Retained, double RetainedMin, int Layers)
{
    /// <summary>Nothing, of so many layers.</summary>
    public static GateTotals None(int layers) => new(0, 0, 0, 0, 1, layers);

    /// <summary>Both together.</summary>
    public static GateTotals operator +(GateTotals a, GateTotals b) =>
        new(a.Steps + b.Steps, a.Tokens + b.Tokens, a.Distinct + b.Distinct, a.Retained + b.Retained, Math.Min(a.RetainedMin, b.RetainedMin), b.Layers);

    /// <summary>Distinct experts per layer and step; null of no steps.</summary>
    public double? DistinctMean => Steps > 0 ? Distinct / (Steps * Layers) : null;

    /// <summary>Mean retained mass; null of no tokens.</summary>
    public double? RetainedMean => Tokens > 0 ? Retained / (Tokens * Layers) : null;
}
