using EnergyTTT.Selection.Signatures;

namespace EnergyTTT.Client.Feedback;

/// <summary>The replica's mean usage signature: what it decoded lately, half forgotten after <see cref="HalfLifeTokens"/> tokens. Used by the poster alone.</summary>
internal sealed class ReplicaSignature(SignatureProjection projection)
{
    /// <summary>About the time in which half the requests of a batch of 16 are over.</summary>
    public const double HalfLifeTokens = 4096;

    private readonly DecayedUsage _usage = new(projection.Layers, projection.Experts, HalfLifeTokens);
    private readonly float[] _counts = new float[projection.Layers * projection.Experts];

    /// <summary>Takes a closed chunk; the signature of length 1, or null while usage is even.</summary>
    public IReadOnlyList<float>? Add(Chunk chunk)
    {
        for (var layer = 0; layer < projection.Layers; layer++)
        {
            var counts = chunk.Layers[layer].Counts;
            for (var expert = 0; expert < counts.Length; expert++)
            {
                _counts[(layer * projection.Experts) + expert] = counts[expert];
            }
        }

        _usage.Add(_counts, (int)Math.Min(int.MaxValue, chunk.Tokens));
        _usage.Probabilities(_counts);
        var signature = new float[SignatureProjection.Length];
        projection.Project(_counts, signature);

        return signature.Any(value => value != 0) ? signature : null;
    }
}
