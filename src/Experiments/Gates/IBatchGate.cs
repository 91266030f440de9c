using EnergyTTT.Selection.Epochs;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Gates;

/// <summary>What stands at the gates of all layers while a batch decodes.</summary>
internal interface IBatchGate : IDisposable
{
    /// <summary>What carries the choice out, for the record.</summary>
    string Name { get; }

    /// <summary>Chooses for one layer of one step.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="logits">[tokens, experts] float32, contiguous.</param>
    GateChoice Choose(int layer, Tensor logits);

    /// <summary>Puts an epoch in force in a layer, between two steps.</summary>
    void Apply(int layer, SelectionEpoch epoch);

    /// <summary>What was done since <see cref="Reset"/>. Waits for the device.</summary>
    GateTotals Totals();

    /// <summary>Counts per expert since <see cref="Reset"/>, and a sample of gate logits [rows, experts], of one layer: what a learner is told.</summary>
    (long[] Counts, float[] Logits) Observed(int layer);

    /// <summary>Counts from 0 again.</summary>
    void Reset();
}
