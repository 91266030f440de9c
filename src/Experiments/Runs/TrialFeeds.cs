using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Trials;

namespace EnergyTTT.Experiments.Runs;

/// <summary>What each trial of a size works on. The trials of one pair meet the same sequences, and in an open loop the same moments of arrival.</summary>
/// <param name="settings">All that is set beforehand.</param>
/// <param name="sequences">The sequences.</param>
/// <param name="together">Sequences of a batch.</param>
internal sealed class TrialFeeds(ExperimentSettings settings, ISequenceSet sequences, int together)
{
    private readonly int[] _order = WaitingRoom.Shuffled(sequences.Count, settings.Seed);
    private readonly Dictionary<bool, int[][]> _planned = [];

    /// <summary>One batch, for warming up.</summary>
    public IBatchFeed First(ArmPlan plan) => new PlannedBatches([Planned(plan.ByAffinity)[0]]);

    /// <summary>The work of a trial.</summary>
    /// <param name="plan">The arm.</param>
    /// <param name="pair">Number of the pair, from 0: trials take turns through all sequences.</param>
    /// <param name="batches">Batches of a trial.</param>
    /// <param name="requestsPerSecond">How fast requests come; null in a closed loop.</param>
    public IBatchFeed Of(ArmPlan plan, int pair, int batches, double? requestsPerSecond)
    {
        if (requestsPerSecond is not { } rate)
        {
            var planned = Planned(plan.ByAffinity);
            return new PlannedBatches([.. Enumerable.Range(pair * batches, batches).Select(batch => planned[batch % planned.Length])]);
        }

        var count = batches * together;
        var moments = Arrivals.Of(settings.Arrivals, count, rate, settings.Seed * 1_000 + pair);
        return new ArrivingRequests(
            [.. moments.Select((at, request) => (at, _order[(pair * count + request) % _order.Length]))], new WaitingRoom(sequences.Usage, sequences.Count), together, plan.ByAffinity);
    }

    private int[][] Planned(bool byAffinity)
    {
        if (!_planned.TryGetValue(byAffinity, out var batches))
        {
            _planned[byAffinity] = batches = new WaitingRoom(sequences.Usage, sequences.Count).Batches(_order, together, byAffinity, settings.WaitingBatches * together);
        }

        return batches;
    }
}
