using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Strategies;

namespace EnergyTTT.Routing.Routers;

/// <summary>What a router may be told beyond its parameters; everything has a default.</summary>
public sealed record RouterSettings
{
    /// <summary>What it does. Default: EnergyAwareTTT.</summary>
    public Strategy Strategy { get; init; } = StrategyCatalogue.EnergyAwareTtt;

    /// <summary>Factor on each expert's cost <c>[experts]</c>: another number format, a slower device; empty = all alike.</summary>
    public double[] CostFactors { get; init; } = [];

    /// <summary>Whether the strategy's batch step is carried out; false leaves everything to the bias. Default true.</summary>
    public bool BatchAware { get; init; } = true;

    /// <summary>Seed of everything random. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>rho_min: least share of its gate mass that any token keeps. Default .95.</summary>
    public float GuardBound { get; init; } = 0.95f;

    /// <summary>R: greatest spread of the bias in logits. Default .4, up to 4.</summary>
    public double Spread { get; init; } = 0.4;

    /// <summary>eps: greatest mean KL of the price tilt, nats. Default .02; a spread above .4 wants more (R^2/8 is what it can use at most).</summary>
    public double Divergence { get; init; } = 0.02;

    /// <summary>Least time between updates. Default 1 s.</summary>
    public TimeSpan UpdateInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock of windows and expiry; the system's when null.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>Rows of a call's gates that learning looks at, evenly spread. Default 512.</summary>
    public int SampleRowsPerCall { get; init; } = 512;

    internal LearningOptions Options(MoeConfig config, KernelCosts.KernelCostModel? costs) => new()
    {
        Shape = config.Shape(),
        Strategy = Strategy,
        BatchAware = BatchAware,
        Costs = costs?.Fit is not { } fit ? null
            : CostFactors.Length == 0 ? ExpertCosts.From(fit, config.NumExperts, costs.CalibrationId)
            : CostFactors.Length == config.NumExperts ? ExpertCosts.From(fit, config.NumExperts, costs.CalibrationId).Scaled(CostFactors)
            : throw new ArgumentException($"{CostFactors.Length} cost factors for {config.NumExperts} experts: one per expert, or none"),
        GuardBound = GuardBound,
        Spread = Spread,
        Divergence = Divergence,
        UpdateInterval = UpdateInterval,
    };
}
