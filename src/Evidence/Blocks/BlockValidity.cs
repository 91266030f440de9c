using System.Collections.Immutable;
using EnergyTTT.Evidence.Receipts;

namespace EnergyTTT.Evidence.Blocks;

/// <summary>Whether the joules of one block may be compared.</summary>
public static class BlockValidity
{
    /// <summary>The shortest window whose counter edges matter less than 2 %: the counter ticks about every 100 ms at either end.</summary>
    public const double LeastSeconds = 10;

    /// <summary>The greatest share by which the counter and averaged power may differ.</summary>
    public const double GreatestDisagreement = 0.05;

    /// <summary>The greatest share of a window without readings.</summary>
    public const double GreatestGapShare = 0.02;

    /// <summary>Reason codes why the block does not count; empty when it does.</summary>
    public static ImmutableArray<string> Explain(Block block)
    {
        ArgumentNullException.ThrowIfNull(block);
        var reasons = ImmutableArray.CreateBuilder<string>();
        Add(block.CounterResets > 0, ReasonCode.CounterReset);
        Add(block.Joules is not > 0 || !double.IsFinite(block.Joules.Value), ReasonCode.NoEnergy);
        Add(block.Tokens <= 0, ReasonCode.NoTokens);
        Add(!(block.Seconds >= LeastSeconds), ReasonCode.WindowTooShort);
        Add(block.GapSeconds > GreatestGapShare * block.Seconds, ReasonCode.Gap);
        Add(block.Joules is > 0 and var joules && block.PowerWatts is { } watts && Math.Abs(joules - watts * block.Seconds) > GreatestDisagreement * joules, ReasonCode.SensorDisagreement);
        return reasons.ToImmutable();

        void Add(bool holds, string code)
        {
            if (holds)
            {
                reasons.Add(code);
            }
        }
    }
}
