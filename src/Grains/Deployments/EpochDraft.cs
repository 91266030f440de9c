using System.Collections.Immutable;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>Decides whether the proposals of all layers are worth a new epoch.</summary>
internal static class EpochDraft
{
    /// <summary>Whether steering differs from what is in force by more than rounding and noise.</summary>
    public static bool Differs(SteeringEpoch? inForce, ImmutableArray<RouterProposal> proposals, long policyVersion, double biasChange) =>
        inForce is null
        || inForce.PolicyVersion != policyVersion
        || inForce.Layers.Count != proposals.Length
        || inForce.Layers.Zip(proposals).Any(pair => Differs(pair.First, pair.Second.Steering, biasChange));

    private static bool Differs(LayerSteering a, LayerSteering b, double biasChange) =>
        a.Strategy != b.Strategy
        || a.BatchAware != b.BatchAware
        || a.GuaranteedExperts != b.GuaranteedExperts
        || a.GuardBound != b.GuardBound
        || Moved(a.Bias, b.Bias, biasChange)
        || Moved(a.Prices, b.Prices, 0.05);

    private static bool Moved(IReadOnlyList<float>? a, IReadOnlyList<float>? b, double change)
    {
        if (a is null || b is null)
        {
            return (a ?? b)?.Any(value => Math.Abs(value) > change) ?? false;
        }

        for (var expert = 0; expert < a.Count; expert++)
        {
            if (Math.Abs(a[expert] - b[expert]) > change)
            {
                return true;
            }
        }

        return false;
    }
}
