namespace EnergyTTT.Routing.FastWeights;

/// <summary>What one update did.</summary>
/// <param name="Applied">False when it was a no-op; then nothing of the network has changed.</param>
/// <param name="Reason">Why it was a no-op; <see langword="null"/> when applied.</param>
/// <param name="GradientNorm">Frobenius norm of the ascent direction over all three matrices, in units of value times feature; not finite if an input was not.</param>
public readonly record struct FastWeightUpdate(bool Applied, string? Reason, double GradientNorm);
