using EnergyTTT.Selection.Affinities;
using EnergyTTT.Selection.Signatures;

namespace EnergyTTT.Cli.Selections;

/// <summary>Which sequences decode side by side.</summary>
/// <param name="Name">How they were brought together.</param>
/// <param name="Members">[groups][N] sequence numbers.</param>
internal sealed record SequenceGroups(string Name, int[][] Members)
{
    public static SequenceGroups Random(int[] sequences, int size, int seed)
    {
        var order = sequences.ToArray();
        new Random(seed).Shuffle(order);
        return new("random", [.. order.Chunk(size).Where(chunk => chunk.Length == size)]);
    }

    /// <summary>Greedy groups by the cosine of whole usage counts.</summary>
    public static SequenceGroups Affinity(GateRecording gates, int[] sequences, int size) => From(
        "affinity", AffinityGrouping.Group(Rows(gates, sequences), gates.Layers * gates.Experts, [], size), sequences, size);

    /// <summary>Greedy groups by signatures of 64 numbers.</summary>
    public static SequenceGroups Signature(GateRecording gates, int[] sequences, int size)
    {
        var projection = new SignatureProjection(gates.Layers, gates.Experts);
        var signatures = new float[sequences.Length * SignatureProjection.Length];
        var rows = Rows(gates, sequences);
        for (var i = 0; i < sequences.Length; i++)
        {
            projection.Project(rows.AsSpan(i * gates.Layers * gates.Experts, gates.Layers * gates.Experts), signatures.AsSpan(i * SignatureProjection.Length, SignatureProjection.Length));
        }

        return From("signature", AffinityGrouping.Group(signatures, SignatureProjection.Length, [], size), sequences, size);
    }

    /// <summary>Affinity groups after exchanges that lower the expected distinct experts.</summary>
    public static SequenceGroups Refined(GateRecording gates, int[] sequences, int size)
    {
        var rows = Rows(gates, sequences);
        var groups = AffinityGrouping.Group(rows, gates.Layers * gates.Experts, [], size);
        GroupRefinement.Exchange([.. rows.Select(count => count / gates.Context)], groups);
        return From("affinity, refined", groups, sequences, size);
    }

    private static float[] Rows(GateRecording gates, int[] sequences)
    {
        var cells = gates.Layers * gates.Experts;
        var rows = new float[sequences.Length * cells];
        for (var i = 0; i < sequences.Length; i++)
        {
            gates.Usage.AsSpan(sequences[i] * cells, cells).CopyTo(rows.AsSpan(i * cells));
        }

        return rows;
    }

    private static SequenceGroups From(string name, int[] groups, int[] sequences, int size) => new(
        name,
        [.. groups.Select((group, i) => (group, Sequence: sequences[i])).GroupBy(pair => pair.group).Select(g => g.Select(pair => pair.Sequence).ToArray()).Where(g => g.Length == size)]);
}
