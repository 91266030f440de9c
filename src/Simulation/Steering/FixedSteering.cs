using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Simulation.Steering;

/// <summary>The same instruction for all layers and all time: what a strategy without learning issues.</summary>
public sealed class FixedSteering : IEpochSource
{
    private readonly SteeringEpoch? _epoch;

    private FixedSteering(SteeringEpoch? epoch) => _epoch = epoch;

    /// <summary>Plain top-k.</summary>
    public static FixedSteering Baseline { get; } = new(null);

    /// <summary>The batch-aware consolidation, no bias.</summary>
    /// <param name="layers">Number of layers.</param>
    /// <param name="guardBound">Share of its gate mass that every token keeps.</param>
    /// <param name="prices">Standardised price per expert and layer, or null when all are equal.</param>
    public static FixedSteering Consolidation(int layers, double guardBound, Func<int, IReadOnlyList<float>?>? prices = null) => new(new SteeringEpoch
    {
        Epoch = 1,
        Arm = SteeringArm.Treated,
        PolicyVersion = 1,
        BiasSpace = BiasSpace.Logit,
        ExpiresAt = DateTimeOffset.MaxValue,
        Layers = [.. Enumerable.Range(0, layers).Select(layer => new LayerSteering
        {
            Layer = layer,
            Strategy = "EnergyAwareTTT",
            GuardBound = guardBound,
            BatchAware = "consolidate",
            Prices = prices?.Invoke(layer),
        })],
    });

    /// <inheritdoc/>
    public SteeringEpoch? Current(string deployment, DateTimeOffset now) => _epoch is not null && now < _epoch.ExpiresAt ? _epoch : null;
}
