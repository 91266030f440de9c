using System.Globalization;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>
/// What every treated block must have kept of the gate's quality for steering to go on. What engines do not report is not held against them.
/// </summary>
/// <param name="MassMeanMin">Least mean share of the gate's mass.</param>
/// <param name="MassP01Min">Least first percentile of that share, of any chunk and layer.</param>
/// <param name="KlMeanMax">Greatest mean divergence from the gate, nats.</param>
internal readonly record struct QualityBounds(double MassMeanMin, double MassP01Min, double KlMeanMax)
{
    // What a report may lose to rounding.
    private const double Rounding = 1e-3;

    /// <summary>A full selector guards each token, so only its promise is checked; where nothing guards, the measured quality itself is bounded (router specification, 3.8).</summary>
    /// <param name="selector">How much of an epoch the engines carry out.</param>
    /// <param name="retainedMassMin">The share of its gate mass that the policy promises every token.</param>
    public static QualityBounds Of(EngineSelector selector, double retainedMassMin) =>
        selector == EngineSelector.Full ? new(0, retainedMassMin - Rounding, double.PositiveInfinity) : new(0.98, 0.90, 0.02);

    /// <summary>What a block did not keep, for people; null when it kept all.</summary>
    public string? BrokenBy(ArmBlock block)
    {
        string Say(string what, double? value, string side, double bound) => string.Create(CultureInfo.InvariantCulture, $"{what} was {value:0.0000} in block {block.Block}, {side} {bound:0.0000} is expected");

        return block.RetainedMass < MassMeanMin ? Say("the mean retained mass", block.RetainedMass, "at least", MassMeanMin)
            : block.RetainedMassP01 < MassP01Min ? Say("the first percentile of the retained mass", block.RetainedMassP01, "at least", MassP01Min)
            : block.KlMean > KlMeanMax ? Say("the mean divergence from the gate", block.KlMean, "at most", KlMeanMax)
            : null;
    }
}
