namespace EnergyTTT.Wire.Deployments;

/// <summary>
/// One immutable issue of everything that the selectors of a deployment need. An engine that can only take a bias uses that alone;
/// past <see cref="ExpiresAt"/> it goes back to no bias.
/// </summary>
public sealed record SteeringEpoch
{
    /// <summary>Strictly increasing per deployment; 0 is no steering.</summary>
    public required long Epoch { get; init; }

    /// <summary>Which side of the hold-out the next block is to run on.</summary>
    public required SteeringArm Arm { get; init; }

    /// <summary>The version of the policy that it was made under.</summary>
    public required long PolicyVersion { get; init; }

    /// <summary>The space of every bias in it.</summary>
    public required BiasSpace BiasSpace { get; init; }

    /// <summary>When an engine must forget it, by the server's clock.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>One entry per layer, ordered.</summary>
    public required IReadOnlyList<LayerSteering> Layers { get; init; }
}

/// <summary>What one layer's selector needs.</summary>
public sealed record LayerSteering
{
    /// <summary>The layer, 0-based.</summary>
    public required int Layer { get; init; }

    /// <summary>Name of the strategy, such as <c>EnergyAwareTTT</c>.</summary>
    public required string Strategy { get; init; }

    /// <summary>Added to the gate for selection only, one number per expert, summing to 0; null is no bias.</summary>
    public IReadOnlyList<float>? Bias { get; init; }

    /// <summary>Greatest minus least bias.</summary>
    public double Spread { get; init; }

    /// <summary>Price of reading each expert relative to their mean, heat included: above 0, mean 1; null when all are equal.</summary>
    public IReadOnlyList<float>? Prices { get; init; }

    /// <summary>The least share of its gate mass that every token keeps, above 0 to 1.</summary>
    public required double GuardBound { get; init; }

    /// <summary>
    /// The step over a batch: <c>none</c>, <c>opportunistic</c> (with <see cref="GuaranteedExperts"/>), <c>consolidate</c> (greedy: least demand per price leaves first) or
    /// <c>marginal</c> (least loss of gate mass per price leaves first). An engine that knows only <c>consolidate</c> may carry that out for <c>marginal</c>: the bound of every token is the same.
    /// </summary>
    public required string BatchAware { get; init; }

    /// <summary>Experts that every token keeps under <c>opportunistic</c>; null otherwise.</summary>
    public int? GuaranteedExperts { get; init; }
}

/// <summary>The engine's receipt for an epoch, posted to <c>/v1/deployments/{id}/applied</c>.</summary>
public sealed record AppliedEpoch
{
    /// <summary>The replica that applied it.</summary>
    public required string Replica { get; init; }

    /// <summary>The epoch.</summary>
    public required long Epoch { get; init; }

    /// <summary>Ranks of the replica that switched.</summary>
    public required int RanksApplied { get; init; }

    /// <summary>SHA-256 over the biases of all layers in order, little-endian float32, lower-case hexadecimal.</summary>
    public required string BiasSha256 { get; init; }
}

/// <summary>Where should the next request decode? Posted to <c>/v1/deployments/{id}/place</c>.</summary>
public sealed record PlacementQuestion
{
    /// <summary>The prompt's usage signature, 64 numbers; null when there is none yet.</summary>
    public IReadOnlyList<float>? Signature { get; init; }

    /// <summary>Tokens that the request is expected to decode; 0 when unknown.</summary>
    public long Tokens { get; init; }
}

/// <summary>The answer to a <see cref="PlacementQuestion"/>.</summary>
/// <param name="Replica">The replica to join.</param>
/// <param name="Reasons">Why, in the terms that were added up.</param>
public sealed record PlacementAnswer(string Replica, PlacementReasons Reasons);

/// <summary>The terms of a placement.</summary>
/// <param name="ExtraExperts">Expected distinct experts per layer that the request adds to the replica's batches.</param>
/// <param name="Queue">The penalty for what waits there already.</param>
/// <param name="Heat">The shadow price of the replica's hottest GPU.</param>
public sealed record PlacementReasons(double ExtraExperts, double Queue, double Heat);
