using EnergyTTT.Routing.Strategies;

namespace EnergyTTT.Experiments.Arms;

/// <summary>One arm as it is planned, before any number is seen.</summary>
/// <param name="Name">Unique inside a run and a batch size.</param>
/// <param name="Strategy">What stands at the gate.</param>
/// <param name="ByAffinity">Whether requests of like expert usage share batches; else batches are random.</param>
public sealed record ArmPlan(string Name, Strategy Strategy, bool ByAffinity)
{
    /// <summary>rho_min of the guard under a bias; batch steps bring their own bound.</summary>
    public float GuardBound { get; init; } = 0.95f;

    /// <summary>Whether fast weights learn by Muon; else by AdamW.</summary>
    public bool Muon { get; init; } = true;

    /// <summary>Whether the batch step is carried out; else a bias carries everything.</summary>
    public bool BatchAware { get; init; } = true;

    /// <summary>The curve of a sweep that this arm is a point of; null: of none.</summary>
    public string? Curve { get; init; }

    /// <summary><c>random</c> or <c>affinity</c>.</summary>
    public string Grouping => ByAffinity ? "affinity" : "random";
}
