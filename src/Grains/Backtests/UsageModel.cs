using System.Collections.Immutable;
using EnergyTTT.History.Backtests;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Grains.Backtests;

/// <summary>
/// How distinct experts, retained mass and joules of one deployment answer to a policy. The shape is fixed; its two scales are fitted to the deployment's own record where that has steered and
/// unsteered stretches, and are else those of the recorded gates that this product was tested on.
/// </summary>
/// <remarks>
/// With rho the bound that every token keeps: mean lost mass <c>m = c (1 - rho)^1.3</c>; share of the distinct experts that stay <c>g = exp(-kappa m^0.58)</c>. The exponent of g and the usual
/// kappa come from router specification 3.5 (16 sequences, 128 experts: 16, 26, 37 and 49 % fewer experts at a mean mass of .993, .983, .964 and .928), the exponent of m from recorded gates (mean mass .982 at rho .95, .813 at .70). Plain top-k over a batch of B
/// tokens touches <c>sum 1 - (1 - q)^B</c> experts, q being the recorded share of tokens that choose each. Docs: docs/decisions/0141.
/// </remarks>
internal sealed class UsageModel
{
    private const double Exponent = 0.58;
    private const double UsualKappa = 3.1;
    private const double LossExponent = 1.3;
    private const double UsualLoss = 0.9;

    private readonly ImmutableArray<ImmutableArray<double>> _demand;
    private readonly CostFit? _fit;
    private readonly double _kappa;
    private readonly double _loss;
    private readonly double _scale;
    private readonly double? _other;

    private UsageModel(ImmutableArray<ImmutableArray<double>> demand, CostFit? fit, double kappa, double loss, double scale, double? other) =>
        (_demand, _fit, _kappa, _loss, _scale, _other) = (demand, fit, kappa, loss, scale, other);

    /// <summary>Fits the scales to stretches of which each says under which policy it ran; null is unsteered.</summary>
    public static UsageModel Fit(ImmutableArray<ImmutableArray<double>> demand, CostFit? fit, IReadOnlyList<(UsageStretch Stretch, EffectivePolicy? Policy)> record)
    {
        // How many experts plain top-k really touched against what independent tokens would: traffic that is alike touches fewer.
        var plain = new UsageModel(demand, fit, UsualKappa, UsualLoss, 1, null);
        var scale = Mean(record.Where(one => one.Policy is null && one.Stretch.DistinctExperts > 0).Select(one => (one.Stretch.DistinctExperts!.Value / plain.PlainDistinct(Batch(one.Stretch)), one.Stretch.Steps))) ?? 1;
        var steered = record.Where(one => one.Policy is { } policy && Lever(policy) is > 0).ToList();
        var loss = Mean(steered.Where(one => one.Stretch.RetainedMass is not null).Select(one => ((1 - one.Stretch.RetainedMass!.Value) / Lever(one.Policy!), one.Stretch.Steps))) ?? UsualLoss;
        loss = Math.Clamp(loss, 0.02, 3);
        var kappa = Mean(steered.Where(one => one.Stretch.DistinctExperts > 0).Select(one =>
            (-Math.Log(Math.Min(1, one.Stretch.DistinctExperts!.Value / (plain.PlainDistinct(Batch(one.Stretch)) * scale))) / Math.Pow(loss * Lever(one.Policy!), Exponent), one.Stretch.Steps))) ?? UsualKappa;
        var fitted = new UsageModel(demand, fit, Math.Clamp(kappa, 0, 20), loss, scale, null);

        // What the experts do not explain (attention, idling, the error of the table) is per token, and no policy of routing changes it.
        var other = Mean(record.Where(one => one.Stretch.Joules is not null).Select(one => (Math.Max(0, (one.Stretch.Joules!.Value / one.Stretch.Tokens) - (fitted.ExpertJoules(one.Policy, Batch(one.Stretch)) ?? 0)), (double)one.Stretch.Tokens)));
        return new(demand, fit, fitted._kappa, loss, scale, other);
    }

    /// <summary>Tokens of a step.</summary>
    public static double Batch(UsageStretch stretch) => Math.Max(1, stretch.Tokens / stretch.Steps);

    /// <summary>Mean distinct experts per layer and step; null without a record of demand.</summary>
    public double? Distinct(EffectivePolicy? policy, double batch)
    {
        var plain = PlainDistinct(batch) * _scale;
        return !(plain > 0) ? null : policy is null ? plain : policy.Strategy switch
        {
            "StatisticalLoadBalancing" or "LossFreeBalancing" or "DynamicRerouting" => Evened(batch) * _scale,
            "Baseline" => plain,
            _ => plain * Math.Exp(-_kappa * Math.Pow(_loss * Lever(policy), Exponent)),
        };
    }

    /// <summary>Mean retained mass.</summary>
    public double Mass(EffectivePolicy? policy) => policy is null ? 1 : Math.Max(policy.RetainedMassMin, 1 - (_loss * Lever(policy)));

    /// <summary>Joules per token; null where the record or the cost table says too little.</summary>
    public double? JoulesPerToken(EffectivePolicy? policy, double batch) => ExpertJoules(policy, batch) is { } experts ? experts + (_other ?? 0) : _other;

    private static double Lever(EffectivePolicy policy) => Math.Pow(MayLose(policy), LossExponent);

    // The greatest share of its mass that a token may lose under a strategy; 0 for those that only even out.
    private static double MayLose(EffectivePolicy policy) => policy.Strategy switch
    {
        "Baseline" or "StatisticalLoadBalancing" or "LossFreeBalancing" or "DynamicRerouting" => 0,
        "StaticOptimal" or "KernelAwareTTHA" or "Hierarchical" or "PredictiveThermal" or "MultiGpuAware" => Math.Min(1 - policy.RetainedMassMin, 0.02 * policy.BiasSpreadMax),
        "OpportunisticActivation" => Math.Min(1 - policy.RetainedMassMin, 0.02 * Math.Max(0, 8 - policy.GuaranteedExperts)),
        _ => 1 - policy.RetainedMassMin,
    };

    private double? ExpertJoules(EffectivePolicy? policy, double batch) =>
        _fit is { } fit && Distinct(policy, batch) is { } distinct
            ? _demand.Sum(layer => fit.FixedJoules.Value + (fit.ActivationJoules.Value * distinct) + (fit.SlotJoules.Value * batch * layer.Sum())) / batch : null;

    private double PlainDistinct(double batch) => Average(layer => layer.Sum(share => 1 - Math.Pow(1 - Math.Min(1, share), batch)));

    private double Evened(double batch) => Average(layer => layer.Sum(share => 1 - Math.Pow(1 - Math.Min(1, (share + (layer.Sum() / layer.Length)) / 2), batch)));

    private double Average(Func<ImmutableArray<double>, double> of) => _demand.Where(layer => layer.Length > 0).Select(of).DefaultIfEmpty(0).Average();

    private static double? Mean(IEnumerable<(double Value, double Weight)> values)
    {
        double sum = 0, weights = 0;
        foreach (var (value, weight) in values.Where(one => double.IsFinite(one.Value)))
        {
            sum += value * weight;
            weights += weight;
        }

        return weights > 0 ? sum / weights : null;
    }
}
