namespace EnergyTTT.Selection.Affinities;

/// <summary>What one replica of a deployment would make of a request.</summary>
/// <param name="Replica">Its name.</param>
/// <param name="ExtraExperts">Expected extra distinct experts per layer and step, at least 0.</param>
/// <param name="JoulesPerExpert">a_e times the number of layers: J per step for one more distinct expert in every layer, at least 0.</param>
/// <param name="QueueJoules">Penalty for what waits there already, in J per step, at least 0.</param>
/// <param name="HeatJoules">Shadow price of its hottest GPU for this request, in J per step, at least 0.</param>
/// <param name="Load">What it serves now, in any one unit (requests, tokens/s), at least 0.</param>
/// <param name="Capacity">Its speed relative to the others, above 0.</param>
/// <param name="IsOpen">False while it drains or is down.</param>
public sealed record ReplicaOffer(
    string Replica,
    double ExtraExperts,
    double JoulesPerExpert,
    double QueueJoules,
    double HeatJoules,
    double Load,
    double Capacity = 1,
    bool IsOpen = true)
{
    /// <summary>What joining costs, in J per step: <c>extra a + queue + heat</c>.</summary>
    public double Joules => (ExtraExperts * JoulesPerExpert) + QueueJoules + HeatJoules;
}
