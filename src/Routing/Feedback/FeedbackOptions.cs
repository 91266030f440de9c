using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Routing.Feedback;

/// <summary>How feedback becomes a feature vector.</summary>
public sealed record FeedbackOptions
{
    /// <summary>Length of the feature vector. Default 64, range 8 to 1,024.</summary>
    [Range(8, 1024)]
    public int Dimension { get; init; } = 64;

    /// <summary>Seed of the projection. Default 20261123. Routers that share snapshots must share it; the digest proves it.</summary>
    public int Seed { get; init; } = 20261123;

    /// <summary>Decay of running mean and variance per step. Default 0.999, range 0.5 to 0.999999.</summary>
    [Range(0.5, 0.999999)]
    public double Decay { get; init; } = 0.999;

    /// <summary>Least standard deviation that a feature is divided by. Default 1e-3, range 1e-9 to 1.</summary>
    [Range(1e-9, 1)]
    public double DeviationFloor { get; init; } = 1e-3;

    /// <summary>Standardised features are clamped to plus and minus this. Default 4, range 1 to 100.</summary>
    [Range(1, 100)]
    public double Clamp { get; init; } = 4;

    /// <summary>Added to the norm before dividing by it. Default 1e-5, range 1e-12 to 0.1.</summary>
    [Range(1e-12, 0.1)]
    public double NormEpsilon { get; init; } = 1e-5;
}
