using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Arms;

/// <summary>How the routers of a run learn: the flags of the original description.</summary>
public sealed record LearningSettings
{
    /// <summary><c>ttt_chunk_size</c>.</summary>
    public int ChunkSize { get; init; } = 2_048;

    /// <summary><c>ttt_update_frequency</c>.</summary>
    public int UpdateFrequency { get; init; } = 512;

    /// <summary><c>energy_aware_lr</c>: AdamW's rate when Muon is off.</summary>
    public double Rate { get; init; } = 1e-4;

    /// <summary><c>muon_enabled</c>.</summary>
    public bool Muon { get; init; } = true;

    /// <summary>Targets of the scoreboard: 200 W, 65 degrees Celsius, 10 ms.</summary>
    public LossTargets Targets { get; init; } = new();

    /// <summary>Seed of the fast weights.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The options of the learner of one layer.</summary>
    /// <param name="plan">The arm.</param>
    /// <param name="shape">The gate.</param>
    /// <param name="costs">What experts cost; null: unknown.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="weakest">The weakest origin of readings that fast weights may learn under.</param>
    public LearningOptions Of(ArmPlan plan, SelectorShape shape, ExpertCosts? costs, int layer, Origin weakest)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new()
        {
            Shape = shape, Strategy = plan.Strategy, BatchAware = plan.BatchAware, Costs = costs, ChunkSize = ChunkSize, UpdateFrequency = UpdateFrequency, GuardBound = plan.GuardBound,
            EpochLife = TimeSpan.FromHours(24), Targets = Targets, Monitoring = new() { WeakestOrigin = weakest }, FastWeights = new FastWeightOptions { MuonEnabled = Muon && plan.Muon, AdamRate = Rate, Seed = Seed + layer },
        };
    }
}
