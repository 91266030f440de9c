using EnergyTTT.Experiments.Corpora;
using EnergyTTT.Experiments.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Decoding;

/// <summary>Prompts that nobody has read yet, for measuring how they are read.</summary>
/// <param name="sequences">[count, length + 1 or more].</param>
/// <param name="length">Tokens of a prompt.</param>
/// <param name="device">Where they are read.</param>
internal sealed class PromptPool(HeldOutSequences sequences, int length, Device device) : ISequenceSet
{
    public int Count => sequences.Count;

    /// <summary>Tokens of a prompt.</summary>
    public int Length => length;

    /// <remarks>How a prompt uses experts is known once it was read: before, there is nothing to group by.</remarks>
    public float[] Usage => [];

    public int Together(int size) => 1;

    public CachedPass Pass(MoeLanguageModel model, int size) => new PromptReader(model, this, size);

    /// <summary>The tokens of a prompt and the one after it, [length + 1] int64.</summary>
    public Tensor Text(int sequence) => tensor(sequences.Tokens.AsSpan(sequence * sequences.Length, length + 1).ToArray()).to(device);

    public void Dispose()
    {
    }
}
