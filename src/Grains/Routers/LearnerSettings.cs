using System.Collections.Immutable;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Grains.Routers;

/// <summary>Translates a deployment and its policy into the options of a learner.</summary>
internal static class LearnerSettings
{
    /// <summary>Hidden units of the fast weights.</summary>
    public const int HiddenUnits = 64;

    /// <summary>Greatest spread of a bias that no guard stands behind, in logits.</summary>
    public const double UnguardedSpread = 0.4;

    /// <summary>What fast weights are bound to: weights of another revision are refused, and so are a simulation's by a real model.</summary>
    public static string RevisionOf(RouterSetup setup) => setup.IsSimulated ? setup.Model + " (simulated)" : setup.Model;

    /// <summary>The options of one layer.</summary>
    /// <param name="setup">What the router serves.</param>
    /// <param name="costs">The cost table; null for none.</param>
    /// <param name="seed">Of the fast weights; the same for a router every time.</param>
    public static LearningOptions Of(RouterSetup setup, KernelCostModel? costs, int seed)
    {
        var policy = setup.Policy;
        return new LearningOptions
        {
            Shape = new SelectorShape(setup.Experts, setup.TopK, setup.Gate == GateFunction.Sigmoid ? GateKind.Sigmoid : GateKind.Softmax, biasSpace: Space(setup.BiasSpace)),
            Strategy = StrategyOf(policy.Strategy, policy.GuaranteedExperts, setup.TopK, policy.RetainedMassMin),
            Costs = costs?.Fit is { } fit ? ExpertCosts.From(fit, setup.Experts, costs.CalibrationId) : null,
            Devices = [.. setup.DeviceOfExpert],
            ChunkSize = policy.TttChunkSize,
            UpdateFrequency = Math.Min(policy.TttUpdateFrequency, policy.TttChunkSize),
            BatchAware = setup.Selector == EngineSelector.Full,
            Spread = setup.Selector == EngineSelector.Full ? policy.BiasSpreadMax : Math.Min(policy.BiasSpreadMax, UnguardedSpread),
            GuardBound = (float)policy.RetainedMassMin,
            HiddenUnits = HiddenUnits,
            EpochLife = policy.EpochLifetime,
            PolicyVersion = policy.Version,
            Monitoring = new MonitoringOptions { WeakestOrigin = setup.IsSimulated ? Origin.Simulated : Origin.Replayed },
            Weights = new ObjectiveWeights
            {
                Performance = policy.PerformanceWeight, Energy = policy.EnergyWeight, Thermal = policy.ThermalWeight, Memory = policy.MemoryWeight, LoadBalance = policy.LoadBalanceWeight,
            },
            Targets = new LossTargets
            {
                PowerWatts = policy.TargetPowerWatts, TemperatureCelsius = policy.TargetTemperatureCelsius, LatencyMilliseconds = policy.TargetLatencyMs, MemoryUsedRatio = policy.TargetMemoryRatio,
            },
            FastWeights = new FastWeightOptions
            {
                MuonEnabled = policy.MuonEnabled, AdamRate = policy.EnergyAwareLr, Seed = seed,
            },
        };
    }

    /// <summary>What a selector needs of an epoch, as it travels.</summary>
    public static LayerSteering Steering(int layer, SelectionEpoch epoch, double guardBound) => new()
    {
        Layer = layer,
        Strategy = epoch.Strategy,
        Bias = epoch.IsNeutral ? null : [.. epoch.Bias],
        Spread = epoch.IsNeutral ? 0 : epoch.Bias.Max() - epoch.Bias.Min(),
        Prices = RelativePrices(epoch) is { IsEmpty: false } prices ? [.. prices] : null,
        GuardBound = guardBound,
        BatchAware = epoch.BatchStep.Kind switch
        {
            BatchStepKind.OpportunisticActivation => "opportunistic",
            BatchStepKind.GreedyConsolidation => "consolidate",
            BatchStepKind.MarginalConsolidation => "marginal",
            _ => "none",
        },
        GuaranteedExperts = epoch.BatchStep.Kind == BatchStepKind.OpportunisticActivation ? epoch.BatchStep.OwnExperts : null,
    };

    /// <summary>Prices as they travel, relative to their mean (docs/decisions/0093); empty where all are equal.</summary>
    public static ImmutableArray<float> RelativePrices(SelectionEpoch epoch)
    {
        var mean = epoch.Prices.IsEmpty ? 0 : epoch.Prices.Average();

        return mean > 0 && epoch.Prices.Any(price => price != epoch.Prices[0]) ? [.. epoch.Prices.Select(price => price / mean)] : [];
    }

    /// <summary>The epoch as the engines carry it out.</summary>
    public static SelectionEpoch AsCarriedOut(SelectionEpoch epoch, EngineSelector selector) => new(
        epoch.Number, epoch.Strategy, epoch.Bias.AsSpan(), epoch.BiasSpace, selector == EngineSelector.Full ? epoch.GuardBound : 0, epoch.BatchStep, RelativePrices(epoch).AsSpan());

    private static Strategy StrategyOf(string name, int guaranteedExperts, int topK, double retainedMass)
    {
        var strategy = StrategyCatalogue.Find(name);
        return strategy.BatchStep.Kind switch
        {
            BatchStepKind.OpportunisticActivation => strategy with { BatchStep = BatchStep.OpportunisticActivation(Math.Min(guaranteedExperts, topK)) },
            BatchStepKind.GreedyConsolidation => strategy with { BatchStep = BatchStep.GreedyConsolidation((float)retainedMass) },
            BatchStepKind.MarginalConsolidation => strategy with { BatchStep = BatchStep.MarginalConsolidation((float)retainedMass, priced: strategy.BatchStep.IsPriced) },
            _ => strategy,
        };
    }

    private static Selection.Gates.BiasSpace Space(Wire.Deployments.BiasSpace space) => space switch
    {
        Wire.Deployments.BiasSpace.SoftmaxScore => Selection.Gates.BiasSpace.SoftmaxScore,
        Wire.Deployments.BiasSpace.SigmoidScore => Selection.Gates.BiasSpace.SigmoidScore,
        Wire.Deployments.BiasSpace.SqrtSoftplusScore => Selection.Gates.BiasSpace.SqrtSoftplusScore,
        _ => Selection.Gates.BiasSpace.Logit,
    };
}
