using EnergyTTT.Routing.KernelCosts;

namespace EnergyTTT.Routing.Learning;

/// <summary>What each expert costs, <c>[experts]</c> each; 0 or more and finite.</summary>
/// <param name="ActivationJoules">a: reading the expert's weights once.</param>
/// <param name="SlotJoules">c: one token on the expert.</param>
/// <param name="ActivationMilliseconds">alpha: time of reading; empty when unknown.</param>
/// <param name="SlotMilliseconds">beta: time of one token; empty when unknown.</param>
/// <param name="CalibrationId">Names the cost table.</param>
public sealed record ExpertCosts(double[] ActivationJoules, double[] SlotJoules, double[] ActivationMilliseconds, double[] SlotMilliseconds, string CalibrationId = "")
{
    /// <summary>The same costs for every expert, from a fitted table. Coefficients that came out negative count as 0.</summary>
    public static ExpertCosts From(CostFit fit, int experts, string calibrationId = "")
    {
        ArgumentNullException.ThrowIfNull(fit);
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        double[] Each(Coefficient coefficient) => [.. Enumerable.Repeat(Math.Max(0, coefficient.Value), experts)];
        return new(Each(fit.ActivationJoules), Each(fit.SlotJoules), Each(fit.ActivationMilliseconds), Each(fit.SlotMilliseconds), calibrationId);
    }

    /// <summary>The same table with each expert's joules and time multiplied: another number format, a slower or remote device.</summary>
    /// <param name="factors">Per expert, above 0.</param>
    public ExpertCosts Scaled(ReadOnlySpan<double> factors)
    {
        double[] Times(double[] values, ReadOnlySpan<double> by)
        {
            var product = new double[values.Length];
            for (var e = 0; e < product.Length; e++)
                product[e] = values[e] * by[e];
            return product;
        }

        return new(Times(ActivationJoules, factors), Times(SlotJoules, factors), Times(ActivationMilliseconds, factors), Times(SlotMilliseconds, factors), CalibrationId);
    }

    /// <summary>What is wrong with the costs for a layer of that many experts; <see langword="null"/> when nothing is.</summary>
    internal string? Fault(int experts)
    {
        if (ActivationJoules.Length != experts || SlotJoules.Length != experts || ActivationMilliseconds.Length is not 0 && ActivationMilliseconds.Length != experts
            || SlotMilliseconds.Length is not 0 && SlotMilliseconds.Length != experts)
            return $"expert costs have {ActivationJoules.Length}, {SlotJoules.Length}, {ActivationMilliseconds.Length} and {SlotMilliseconds.Length} values for {experts} experts";
        return new[] { ActivationJoules, SlotJoules, ActivationMilliseconds, SlotMilliseconds }.Any(values => values.Any(value => !(double.IsFinite(value) && value >= 0)))
            ? "a cost of an expert is negative or not finite" : null;
    }
}
