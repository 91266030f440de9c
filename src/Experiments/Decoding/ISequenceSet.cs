using EnergyTTT.Experiments.Models;

namespace EnergyTTT.Experiments.Decoding;

/// <summary>Held-out sequences that an experiment works on, and how they are carried through a model.</summary>
internal interface ISequenceSet : IDisposable
{
    /// <summary>Sequences.</summary>
    int Count { get; }

    /// <summary>Sequences that share a batch whose steps have so many tokens.</summary>
    int Together(int size);

    /// <summary>Room for batches whose steps have so many tokens.</summary>
    CachedPass Pass(MoeLanguageModel model, int size);

    /// <summary>Share of each sequence's prompt that used each expert <c>[sequences, layers x experts]</c>; empty where nobody has read it yet.</summary>
    float[] Usage { get; }
}
