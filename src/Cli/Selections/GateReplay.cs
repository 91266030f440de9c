using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Cli.Selections;

/// <summary>Runs the selector over a recording, step by step as the groups would have decoded.</summary>
internal sealed class GateReplay(GateRecording gates)
{
    private readonly SelectorShape _shape = new(gates.Experts, gates.TopK);
    private readonly Selector _selector = new(new SelectorShape(gates.Experts, gates.TopK));

    public SelectorShape Shape => _shape;

    /// <summary>Mean distinct experts per layer and step, mean and least retained mass.</summary>
    public ReplayFigures Run(SequenceGroups groups, BatchStep step, Range positions, float[]? bias = null, float guard = 0)
    {
        var epoch = new SelectionEpoch(1, "bench", bias ?? new float[gates.Experts], guardBound: guard, batchStep: step);
        var (first, count) = positions.GetOffsetAndLength(gates.Positions);
        double distinct = 0, mass = 0, least = 1;
        long batches = 0, tokens = 0;
        foreach (var members in groups.Members)
        {
            var logits = new float[members.Length * gates.Experts];
            var experts = new int[members.Length * gates.TopK];
            var weights = new float[experts.Length];
            for (var layer = 0; layer < gates.Layers; layer++)
            {
                for (var position = first; position < first + count; position++)
                {
                    for (var i = 0; i < members.Length; i++)
                    {
                        gates.Token(layer, members[i], position).CopyTo(logits.AsSpan(i * gates.Experts));
                    }

                    var done = _selector.Select(logits, members.Length, epoch, experts, weights);
                    distinct += done.DistinctExperts;
                    mass += done.RetainedMassMean * members.Length;
                    least = Math.Min(least, done.RetainedMassMin);
                    batches++;
                    tokens += members.Length;
                }
            }
        }

        return new(distinct / batches, mass / tokens, least);
    }
}
