using EnergyTTT.Client.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Simulation.Gates;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Simulation.Steering;

/// <summary>The same instruction for all layers and all time: what a strategy without learning issues.</summary>
public sealed class FixedSteering : IEpochSource
{
    private readonly EpochInForce _epoch;

    /// <summary>An epoch of a server, for ever.</summary>
    public FixedSteering(SteeringEpoch epoch)
        : this(EpochInForce.Create(epoch, Shape, RecordedGates.E64.Layers, long.MaxValue))
    {
    }

    private FixedSteering(EpochInForce epoch) => _epoch = epoch;

    /// <summary>Plain top-k.</summary>
    public static FixedSteering Baseline { get; } = new(EpochInForce.Unsteered(Shape, RecordedGates.E64.Layers));

    private static SelectorShape Shape => new(RecordedGates.E64.Experts, RecordedGates.E64.TopK);

    /// <summary>A batch-aware step in every layer, no bias and equal prices.</summary>
    /// <param name="batchAware"><c>consolidate</c> (greedy) or <c>marginal</c>.</param>
    /// <param name="guardBound">Share of its gate mass that every token keeps.</param>
    public static FixedSteering Consolidation(string batchAware, double guardBound) => new(Epoch(batchAware, guardBound));

    /// <summary>The message of <see cref="Consolidation"/>.</summary>
    public static SteeringEpoch Epoch(string batchAware, double guardBound) => new()
    {
        Epoch = 1,
        Arm = SteeringArm.Treated,
        PolicyVersion = 1,
        BiasSpace = Wire.Deployments.BiasSpace.Logit,
        ExpiresAt = DateTimeOffset.MaxValue,
        Layers = [.. Enumerable.Range(0, RecordedGates.E64.Layers).Select(layer => new LayerSteering
        {
            Layer = layer,
            Strategy = batchAware == "marginal" ? "EnergyAwareTTT" : "GreedyConsolidation",
            GuardBound = guardBound,
            BatchAware = batchAware,
        })],
    };

    /// <inheritdoc/>
    public EpochInForce Current(string deployment) => _epoch;
}
