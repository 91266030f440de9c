using EnergyTTT.Routing.Strategies;
using EnergyTTT.Selection.Epochs;

namespace EnergyTTT.Experiments.Arms;

/// <summary>Arms that are compared together.</summary>
public enum ArmSet
{
    /// <summary>Rivals, ours with and without affinity, and each lever alone.</summary>
    Main = 0,

    /// <summary>The main ones, the other strategies of the room, and ours with one part taken away each.</summary>
    All = 1,

    /// <summary>The main ones, and ours with one part taken away each.</summary>
    Ablations = 2,

    /// <summary>Ours alone against the control.</summary>
    Product = 3,

    /// <summary>Ours against itself: the other order of leaving, and a bias alone.</summary>
    Alternatives = 4,
}

/// <summary>The arms of each experiment. The first is always the control: plain top-k in random batches.</summary>
public static class ArmCatalogue
{
    /// <summary>The control's name.</summary>
    public const string Control = "Baseline";

    /// <summary>The same as the control under another name: its difference has to cover 0.</summary>
    public const string ControlAgain = "Baseline (A/A)";

    /// <summary>The product's own arm in random batches.</summary>
    public const string Alone = "EnergyAwareTTT";

    /// <summary>The product's own arm, with requests grouped by affinity.</summary>
    public const string Product = Alone + " + affinity";

    /// <summary>Plain top-k.</summary>
    public static ArmPlan Baseline(string name = Control) => new(name, StrategyCatalogue.Baseline, false);

    /// <summary>Two arms of the same setting.</summary>
    public static IReadOnlyList<ArmPlan> SameAndSame { get; } = [Baseline(), Baseline(ControlAgain)];

    /// <summary>What the main comparison shows: each rival, ours with and without affinity, and each lever alone.</summary>
    /// <param name="bound">rho of the consolidations, above 0 to 1.</param>
    /// <param name="ownExperts">k0 of opportunistic activation.</param>
    /// <param name="byDemand">Whether experts leave in the order of demand, as on a GPU (docs/decisions/0161); else by what their leaving costs.</param>
    public static IReadOnlyList<ArmPlan> Comparison(float bound, int ownExperts, bool byDemand = false)
    {
        var product = Ours(bound, byDemand);
        return
        [
            Baseline(), Baseline(ControlAgain), new("Baseline + affinity", StrategyCatalogue.Baseline, true), Of(StrategyCatalogue.LossFreeBalancing), Opportunistic(ownExperts),
            new("GreedyConsolidation", StrategyCatalogue.GreedyConsolidation(bound), false) { GuardBound = bound }, product, product with { Name = Product, ByAffinity = true },
        ];
    }

    /// <summary>The other strategies of the room.</summary>
    public static IReadOnlyList<ArmPlan> Others { get; } =
    [
        Of(StrategyCatalogue.StaticOptimal), Of(StrategyCatalogue.KernelAwareTtha), Of(StrategyCatalogue.StatisticalLoadBalancing), Of(StrategyCatalogue.Hierarchical), Of(StrategyCatalogue.PredictiveThermal),
        Of(StrategyCatalogue.MultiGpuAware), Of(StrategyCatalogue.DynamicRerouting),
    ];

    /// <summary>Ours with one part taken away each.</summary>
    public static IReadOnlyList<ArmPlan> Ablations(float bound, bool byDemand = false)
    {
        var product = Ours(bound, byDemand);
        return
        [
            product with { Name = "without TTT", Strategy = product.Strategy with { UsesFastWeights = false } },
            product with { Name = "without Muon", Muon = false },
            product with { Name = "without batch-aware step", BatchAware = false },
            product with { Name = "without thermal", Strategy = product.Strategy with { Heat = HeatRule.None } },
        ];
    }

    /// <summary>Opportunistic activation as published: no guard.</summary>
    public static ArmPlan Opportunistic(int ownExperts) => new("OpportunisticActivation", StrategyCatalogue.OpportunisticActivation(ownExperts), false) { GuardBound = 0 };

    /// <summary>An arm of a strategy as it is.</summary>
    public static ArmPlan Of(Strategy strategy)
    {
        ArgumentNullException.ThrowIfNull(strategy);
        var plan = new ArmPlan(strategy.Name, strategy, false);

        // A batch step brings its own bound: a guard above it would undo what its name says.
        return strategy.BatchStep.Kind == BatchStepKind.None ? plan : plan with { GuardBound = strategy.BatchStep.RetainedMass };
    }

    /// <summary>An arm of a strategy by its name: the guard holds where the name says nothing of its own.</summary>
    /// <param name="name">As in <see cref="StrategyCatalogue.Find"/>.</param>
    /// <param name="guard">rho.</param>
    public static ArmPlan Named(string name, float guard)
    {
        ArgumentNullException.ThrowIfNull(name);
        var plan = Of(StrategyCatalogue.Find(name));
        return name.Contains('(', StringComparison.Ordinal) ? plan : plan.Strategy.BatchStep switch
        {
            { Kind: BatchStepKind.None } => plan with { GuardBound = guard },
            { Kind: BatchStepKind.GreedyConsolidation } step => plan with { GuardBound = guard, Strategy = plan.Strategy with { BatchStep = BatchStep.GreedyConsolidation(guard, step.IsPriced) } },
            { Kind: BatchStepKind.MarginalConsolidation } step => plan with { GuardBound = guard, Strategy = plan.Strategy with { BatchStep = BatchStep.MarginalConsolidation(guard, step.MassPerExpert, step.IsPriced) } },
            _ => plan,
        };
    }

    /// <summary>Ours in the other order of leaving, and with a bias alone but nothing learned: what these two are worth.</summary>
    public static IReadOnlyList<ArmPlan> Alternatives(float bound)
    {
        var product = Ours(bound, byDemand: false);
        return [product with { Name = "marginal order" }, product with { Name = "marginal order + affinity", ByAffinity = true }, .. BiasAlone(bound)];
    }

    /// <summary>Ours for an engine that can only take a bias, with and without fast weights: there test-time training has something to learn.</summary>
    public static IReadOnlyList<ArmPlan> BiasAlone(float bound)
    {
        var bias = Ours(bound, byDemand: false) with { Name = "bias alone", BatchAware = false };
        return [bias, bias with { Name = "bias alone, without TTT", Strategy = bias.Strategy with { UsesFastWeights = false } }];
    }

    /// <summary>The arms of a set.</summary>
    /// <param name="set">Which.</param>
    /// <param name="bound">rho.</param>
    /// <param name="ownExperts">k0 of opportunistic activation.</param>
    /// <param name="byDemand">As in <see cref="Comparison"/>.</param>
    public static IReadOnlyList<ArmPlan> Of(ArmSet set, float bound, int ownExperts, bool byDemand)
    {
        var comparison = Comparison(bound, ownExperts, byDemand);
        ArmPlan[] One(params string[] names) => [.. comparison.Where(plan => names.Contains(plan.Name))];
        return set switch
        {
            ArmSet.All => [.. comparison, .. Others, .. Ablations(bound, byDemand)],
            ArmSet.Ablations => [.. comparison, .. Ablations(bound, byDemand)],
            ArmSet.Product => [.. SameAndSame, .. One(Product)],
            ArmSet.Alternatives => [.. SameAndSame, .. One(Product), .. Alternatives(bound)],
            _ => comparison,
        };
    }

    /// <summary>The control twice, and every strategy over the settings of its dial; one without a dial is a point.</summary>
    /// <param name="plans">The strategies.</param>
    /// <param name="topK">k of the gate.</param>
    /// <param name="stops">Settings of each at most.</param>
    public static IReadOnlyList<ArmPlan> Sweep(IEnumerable<ArmPlan> plans, int topK, int stops) =>
    [
        .. SameAndSame,
        .. plans.SelectMany(plan => BoundDial.Of(plan, topK) is { } dial
            ? dial.Stops(stops).Select(setting => dial.Turned(plan, setting) with { Name = $"{plan.Name} ({BoundDial.Written(setting)})", Curve = plan.Name })
            : [plan with { Curve = plan.Name }]),
    ];

    /// <summary>What a sweep compares: rivals, plain top-k in batches by affinity, ours, and what is left of ours where an engine can only take a bias.</summary>
    /// <param name="bound">Where the bounds of strategies without a dial stand.</param>
    /// <param name="byDemand">As in <see cref="Comparison"/>: then ours without affinity chooses what GreedyConsolidation chooses, and is not swept again.</param>
    public static IReadOnlyList<ArmPlan> Swept(float bound, bool byDemand) =>
        [.. Comparison(bound, StrategyCatalogue.DefaultOwnExperts, byDemand).Where(plan => plan.Name is not (Control or ControlAgain) && !(byDemand && plan.Name == Alone)), .. BiasAlone(bound)];

    private static ArmPlan Ours(float bound, bool byDemand) => new(Alone, StrategyCatalogue.EnergyAwareTtt with
    {
        BatchStep = byDemand ? BatchStep.GreedyConsolidation(bound, priced: true) : BatchStep.MarginalConsolidation(bound, priced: true),
    }, false) { GuardBound = bound };
}
