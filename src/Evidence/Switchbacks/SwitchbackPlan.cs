namespace EnergyTTT.Evidence.Switchbacks;

/// <summary>
/// Which arm each block runs, made of a seed alone, so that the plan can be written down before the run and checked after it. Immutable; equal seeds give equal plans on every machine.
/// </summary>
/// <param name="seed">Names the plan; part of the receipt.</param>
public sealed class SwitchbackPlan(long seed)
{
    /// <summary>The seed.</summary>
    public long Seed => seed;

    /// <summary>
    /// The order of arms over a run: each round is a random permutation of the arms followed by its mirror image (A B B A), so that within a round every arm has the same mean position and slow
    /// drift cancels, and no arm can learn when its turn comes.
    /// </summary>
    /// <param name="arms">Number of arms, 2 or more.</param>
    /// <param name="rounds">Number of rounds, 1 or more.</param>
    /// <returns>Indices of arms, <c>[2 x arms x rounds]</c>.</returns>
    public int[] Order(int arms, int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(arms, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        var order = new int[2 * arms * rounds];
        var state = (ulong)seed;
        for (var round = 0; round < rounds; round++)
        {
            var forth = order.AsSpan(2 * arms * round, arms);
            for (var a = 0; a < arms; a++)
            {
                forth[a] = a;
            }

            // Fisher-Yates.
            for (var a = arms - 1; a > 0; a--)
            {
                var other = (int)(SplitMix.Next(ref state) % (ulong)(a + 1));
                (forth[a], forth[other]) = (forth[other], forth[a]);
            }

            for (var a = 0; a < arms; a++)
            {
                order[2 * arms * round + 2 * arms - 1 - a] = forth[a];
            }
        }

        return order;
    }

    /// <summary>
    /// Whether a block of endless production time is held out, that is runs without steering: each block is drawn on its own, so that no load pattern can hide from it.
    /// </summary>
    /// <param name="block">Number of the block since the beginning, 0 or more.</param>
    /// <param name="share">Share of blocks that are held out, 0 to 0.5.</param>
    public bool IsHeldOut(long block, double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(block);
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 0.5);
        var state = (ulong)seed ^ (ulong)block * 0xD1342543DE82EF95;
        // The first number after a seed still shows it: the second is used.
        _ = SplitMix.Next(ref state);
        return (SplitMix.Next(ref state) >> 11) * (1.0 / (1UL << 53)) < share;
    }

    /// <summary>The number of the block that a moment lies in, and the seconds since its start.</summary>
    public static (long Block, double SecondsInside) BlockAt(DateTimeOffset time, DateTimeOffset origin, double blockSeconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockSeconds);
        var seconds = (time - origin).TotalSeconds;
        ArgumentOutOfRangeException.ThrowIfNegative(seconds, nameof(time));
        var block = (long)Math.Floor(seconds / blockSeconds);
        return (block, seconds - block * blockSeconds);
    }
}
