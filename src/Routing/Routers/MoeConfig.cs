using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Routing.Routers;

/// <summary>The mixture-of-experts layer that a router steers.</summary>
/// <param name="DModel">Width of the model, 1 or more. Default 768.</param>
/// <param name="NumExperts">E. Default 8.</param>
/// <param name="TopK">k, 1 to E. Default 2.</param>
/// <param name="ExpertType">What an expert is, such as <c>simple</c>; a label that travels with results.</param>
/// <param name="Gate">How logits become scores. Default softmax.</param>
public sealed record MoeConfig(int DModel = 768, int NumExperts = 8, int TopK = 2, string ExpertType = "simple", GateKind Gate = GateKind.Softmax)
{
    /// <summary>The gate as the selector knows it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public SelectorShape Shape()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(DModel, 1);
        return new(NumExperts, TopK, Gate);
    }
}
