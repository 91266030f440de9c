using System.Collections.Immutable;
using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Evidence.Promotions;
using EnergyTTT.Evidence.Savings;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Grains.Deployments;

/// <summary>What the hold-out says about a deployment: the Evidence room's one definition applied to the blocks of its usage history.</summary>
/// <param name="Saving">The saving with its interval and verdict.</param>
/// <param name="LogRatios">d of the pairs, oldest first.</param>
/// <param name="Guards">Whether quality held in every treated block, and the ratio of latencies.</param>
/// <param name="QualityFault">What the first treated block that lost quality did not keep; null when all kept it.</param>
internal sealed record SavingEstimate(Saving Saving, ImmutableArray<double> LogRatios, PromotionGuards Guards, string? QualityFault)
{
    private const string Control = "held_out";
    private const string Treated = "treated";

    /// <summary>Pairs neighbouring blocks of the same phase and band of batch sizes.</summary>
    /// <param name="rows">The blocks, any order.</param>
    /// <param name="blockSeconds">Length of a block.</param>
    /// <param name="telemetry">The weakest origin of the deployment's GPUs; null when they send nothing.</param>
    /// <param name="bounds">What treated blocks must keep.</param>
    public static SavingEstimate Of(IReadOnlyList<ArmBlock> rows, double blockSeconds, Origin? telemetry, QualityBounds bounds)
    {
        var measured = rows.Count > 0 && rows.All(row => row.MeasuredJoules is not null);

        // The engine's own counter is a measurement only where the GPU is real.
        var origin = measured ? telemetry ?? Origin.Measured : (Origin)Math.Max((int)Origin.Modelled, (int)(telemetry ?? Origin.Modelled));
        var pairs = new List<BlockPair>();
        foreach (var alike in rows.GroupBy(row => (row.Phase, row.Band)))
        {
            foreach (var run in Runs(alike.OrderBy(row => row.Block).ThenBy(row => row.Arm)))
            {
                pairs.AddRange(Pairing.Pair(run.Select(row => AsBlock(row, measured, origin, blockSeconds)), Control, Treated).Pairs);
            }
        }

        pairs.Sort((a, b) => a.Control.Position.CompareTo(b.Control.Position));
        ImmutableArray<double> ratios = [.. pairs.Select(pair => pair.LogRatio)];
        var fault = rows.Where(row => row.Arm == SteeringArm.Treated).Select(bounds.BrokenBy).FirstOrDefault(broken => broken is not null);
        return new(Saving.Of(ratios.AsSpan(), origin), ratios, new PromotionGuards(fault is null, LatencyRatio(rows)), fault);
    }

    // An engine changes arms between two chunks, so the first chunk of a block may still be of the arm before: the block belongs to the arm of most tokens.
    private static IEnumerable<List<ArmBlock>> Runs(IEnumerable<ArmBlock> ordered)
    {
        var run = new List<ArmBlock>();
        foreach (var block in ordered.GroupBy(row => row.Block).Select(group => group.MaxBy(row => row.Tokens)!))
        {
            if (run.Count > 0 && block.Block != run[^1].Block + 1)
            {
                yield return run;
                run = [];
            }

            run.Add(block);
        }

        yield return run;
    }

    private static Block AsBlock(ArmBlock row, bool measured, Origin origin, double seconds) => new()
    {
        Arm = row.Arm == SteeringArm.HeldOut ? Control : Treated,
        Position = checked((int)(row.Block % int.MaxValue)),
        Seconds = seconds,
        Joules = measured ? row.MeasuredJoules : row.ModelledJoules,
        Tokens = row.Tokens,
        Origin = origin,
        Phase = row.Phase.ToString(),
        BatchTokens = Math.Pow(2, row.Band),
    };

    private static double? LatencyRatio(IReadOnlyList<ArmBlock> rows)
    {
        var treated = rows.Where(row => row.Arm == SteeringArm.Treated && row.LatencyMs is not null).Select(row => row.LatencyMs!.Value).ToList();
        var control = rows.Where(row => row.Arm == SteeringArm.HeldOut && row.LatencyMs is not null).Select(row => row.LatencyMs!.Value).ToList();
        return treated.Count > 0 && control.Count > 0 ? treated.Average() / control.Average() : null;
    }
}
