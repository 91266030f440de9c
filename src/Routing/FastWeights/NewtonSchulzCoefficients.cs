using System.Collections.Immutable;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>
/// The coefficients (a, b, c) of the odd polynomial <c>s -> a s + b s^3 + c s^5</c> that each Newton-Schulz step applies to the singular values.
/// Dimensionless; equality is by reference of the list, since there are two.
/// </summary>
public sealed record NewtonSchulzCoefficients
{
    private NewtonSchulzCoefficients(params ReadOnlySpan<(double A, double B, double C)> steps) => Steps = [.. steps];

    /// <summary>
    /// Five different triples: singular values in [.01, 1] land in [.97, 1.04]. Source: "Test-Time Training Done Right" (LaCT), the causal form.
    /// </summary>
    public static NewtonSchulzCoefficients FiveTriples { get; } = new(
        (4.0848, -6.8946, 2.9270), (3.9505, -6.3029, 2.6377), (3.7418, -5.5913, 2.3037), (2.8769, -3.1427, 1.2046), (2.8366, -3.0525, 1.2012));

    /// <summary>One triple five times: singular values in [.01, 1] land in [.68, 1.14]. Source: K. Jordan, Muon (2024).</summary>
    public static NewtonSchulzCoefficients SingleTriple { get; } = new(
        (3.4445, -4.7750, 2.0315), (3.4445, -4.7750, 2.0315), (3.4445, -4.7750, 2.0315), (3.4445, -4.7750, 2.0315), (3.4445, -4.7750, 2.0315));

    /// <summary>One triple per step, in order.</summary>
    public ImmutableArray<(double A, double B, double C)> Steps { get; }
}
