using System.Collections.Immutable;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Simulation.Engines;

/// <summary>Reads the wire's epoch as the selectors of a simulated engine take it.</summary>
internal static class EpochReading
{
    /// <summary>One instruction per layer; the held-out arm and no epoch are the baseline.</summary>
    /// <exception cref="ArgumentException">The epoch is for another number of layers.</exception>
    public static ImmutableArray<SelectionEpoch> Read(SteeringEpoch? epoch, SelectorShape shape, int layers)
    {
        if (epoch is null || epoch.Arm == SteeringArm.HeldOut)
        {
            return [.. Enumerable.Repeat(SelectionEpoch.Baseline(shape), layers)];
        }

        if (epoch.Layers.Count != layers || epoch.BiasSpace != Wire.Deployments.BiasSpace.Logit)
        {
            throw new ArgumentException($"epoch {epoch.Epoch} has {epoch.Layers.Count} layers in {epoch.BiasSpace}: this engine has {layers} and adds its bias to logits", nameof(epoch));
        }

        return [.. epoch.Layers.OrderBy(layer => layer.Layer).Select(layer => Read(epoch, layer, shape))];
    }

    private static SelectionEpoch Read(SteeringEpoch epoch, LayerSteering layer, SelectorShape shape)
    {
        // One standard deviation of the standardised prices is taken as a fifth of an expert's cost, as every engine does.
        var prices = layer.Prices?.Select(price => (float)Math.Exp(0.2 * price)).ToArray() ?? [];
        var step = layer.BatchAware switch
        {
            "consolidate" => BatchStep.GreedyConsolidation((float)layer.GuardBound, prices.Length > 0),
            "opportunistic" => BatchStep.OpportunisticActivation(layer.GuaranteedExperts ?? shape.TopK),
            _ => BatchStep.None,
        };

        return new(epoch.Epoch, layer.Strategy, layer.Bias?.ToArray() ?? new float[shape.Experts], shape.BiasSpace, (float)layer.GuardBound, step, prices, null, epoch.PolicyVersion);
    }
}
