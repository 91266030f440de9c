using System.Collections.Immutable;
using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Evidence.Savings;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Evidence.Receipts;

/// <summary>Whether a run may be published, with stable reason codes when not.</summary>
/// <param name="Publishable">True exactly when there is no reason against it.</param>
/// <param name="Reasons">Codes of <see cref="ReasonCode"/>.</param>
public sealed record Publication(bool Publishable, ImmutableArray<string> Reasons)
{
    /// <summary>Judges a run by its receipt and its figure. A loss or no significant saving is as publishable as a saving.</summary>
    public static Publication Judge(Receipt receipt, Saving saving)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        ArgumentNullException.ThrowIfNull(saving);
        var reasons = ImmutableArray.CreateBuilder<string>();
        Add(receipt.Origin > Origin.Measured || saving.Origin > Origin.Measured, ReasonCode.NotMeasured);
        Add(saving.Verdict == Verdict.Inconclusive, ReasonCode.TooFewPairs);
        Add(receipt.CounterResets > 0, ReasonCode.CounterReset);
        Add(receipt.GapSeconds > BlockValidity.GreatestGapShare * (receipt.Finished - receipt.Started).TotalSeconds, ReasonCode.Gap);
        Add(receipt.EnergyDisagreement > BlockValidity.GreatestDisagreement, ReasonCode.SensorDisagreement);
        Add(receipt.Gpus.IsDefaultOrEmpty || receipt.GpuModel is null || receipt.Driver is null || receipt.CodeVersion is null || receipt.EnergyMethod is null, ReasonCode.Undocumented);
        Add(receipt.OrderSeed is null, ReasonCode.NotInterleaved);
        Add(receipt.AaRunCoversZero is not true, ReasonCode.NoAaRun);
        return new(reasons.Count == 0, reasons.ToImmutable());

        void Add(bool holds, string code)
        {
            if (holds)
            {
                reasons.Add(code);
            }
        }
    }

    /// <summary>Whether figures agree: <c>J/token x tokens/s = W</c> within 5 %. A table that fails this must not be printed.</summary>
    public static bool IsConsistent(double joulesPerToken, double tokensPerSecond, double watts) =>
        double.IsFinite(watts) && watts > 0 && Math.Abs(joulesPerToken * tokensPerSecond - watts) <= BlockValidity.GreatestDisagreement * watts;
}
