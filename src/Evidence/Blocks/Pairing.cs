using System.Collections.Immutable;
using EnergyTTT.Evidence.Receipts;

namespace EnergyTTT.Evidence.Blocks;

/// <summary>Two neighbouring blocks, one of each arm.</summary>
/// <param name="Control">The block of the control arm.</param>
/// <param name="Treated">The block of the treated arm.</param>
/// <param name="LogRatio">d = ln(J/token treated) - ln(J/token control); below 0 is less energy.</param>
public sealed record BlockPair(Block Control, Block Treated, double LogRatio);

/// <summary>A block that found no partner, and why.</summary>
public sealed record UnpairedBlock(Block Block, ImmutableArray<string> Reasons);

/// <summary>The pairs of a run, and what was left over.</summary>
public sealed record PairedBlocks(ImmutableArray<BlockPair> Pairs, ImmutableArray<UnpairedBlock> Unpaired)
{
    /// <summary>The log ratios in the order of the pairs.</summary>
    public ImmutableArray<double> LogRatios => [.. Pairs.Select(p => p.LogRatio)];
}

/// <summary>
/// Pairs neighbouring blocks of an interleaved run (A B B A A B ...): each block is used once, and only when both are valid and alike in all but the arm. What drifts slowly - heat,
/// traffic, the sensor's gain - cancels in such a pair.
/// </summary>
public static class Pairing
{
    /// <summary>The factor by which the batch sizes of a pair may differ.</summary>
    public const double BatchBand = 2;

    /// <summary>Pairs the blocks of two arms in the order of <see cref="Block.Position"/>; blocks of other arms stand between them and part them.</summary>
    public static PairedBlocks Pair(IEnumerable<Block> blocks, string controlArm, string treatedArm)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentException.ThrowIfNullOrEmpty(controlArm);
        ArgumentException.ThrowIfNullOrEmpty(treatedArm);
        if (controlArm == treatedArm)
        {
            throw new ArgumentException($"control and treated arm are both '{controlArm}': name two arms", nameof(treatedArm));
        }

        var ordered = blocks.OrderBy(b => b.Position).ToList();
        var pairs = ImmutableArray.CreateBuilder<BlockPair>();
        var unpaired = ImmutableArray.CreateBuilder<UnpairedBlock>();
        for (var i = 0; i < ordered.Count; i++)
        {
            var block = ordered[i];
            if (block.Arm != controlArm && block.Arm != treatedArm)
            {
                continue;
            }

            var reasons = BlockValidity.Explain(block);
            if (!reasons.IsEmpty)
            {
                unpaired.Add(new(block, reasons));
                continue;
            }

            var next = i + 1 < ordered.Count ? ordered[i + 1] : null;
            var refusal = next is null || next.Arm == block.Arm || next.Arm != controlArm && next.Arm != treatedArm || !BlockValidity.Explain(next).IsEmpty
                ? [ReasonCode.NoPartner]
                : Differences(block, next);
            if (!refusal.IsEmpty)
            {
                unpaired.Add(new(block, refusal));
                continue;
            }

            var (control, treated) = block.Arm == controlArm ? (block, next!) : (next!, block); // next is not null: refusal is empty
            pairs.Add(new(control, treated, Math.Log(treated.JoulesPerToken!.Value) - Math.Log(control.JoulesPerToken!.Value))); // both valid
            i++;
        }

        return new(pairs.ToImmutable(), unpaired.ToImmutable());
    }

    private static ImmutableArray<string> Differences(Block a, Block b)
    {
        var reasons = ImmutableArray.CreateBuilder<string>();
        if (!a.Gpus.Order(StringComparer.Ordinal).SequenceEqual(b.Gpus.Order(StringComparer.Ordinal)))
        {
            reasons.Add(ReasonCode.DifferentGpus);
        }

        if (a.PowerLimitWatts != b.PowerLimitWatts)
        {
            reasons.Add(ReasonCode.DifferentPowerLimit);
        }

        if (a.Phase != b.Phase || a.BatchTokens is { } x && b.BatchTokens is { } y && Math.Max(x, y) > BatchBand * Math.Min(x, y))
        {
            reasons.Add(ReasonCode.DifferentWork);
        }

        return reasons.ToImmutable();
    }
}
