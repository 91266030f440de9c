namespace EnergyTTT.Selection.Signatures;

/// <summary>
/// Reduces usage [layers, experts] to a signature of 64 numbers by a fixed projection, so that requests and replicas can be compared in little room.
/// Everybody who compares signatures uses the same seed; the projection is made from it alone, on any machine.
/// </summary>
/// <remarks>
/// Each layer's mean usage is taken off first: what tells requests apart is where they differ from even usage, and without it every cosine would be near 1.
/// Entries are +1 or -1 (a Rademacher projection keeps inner products in expectation, with error about 1/sqrt(64)). Source: ours, after Achlioptas 2003.
/// </remarks>
public sealed class SignatureProjection
{
    private readonly sbyte[] _signs;

    /// <summary>Builds the projection of a model.</summary>
    /// <param name="layers">MoE layers, at least 1.</param>
    /// <param name="experts">Experts of each layer, at least 1.</param>
    /// <param name="seed">The seed that everybody shares.</param>
    public SignatureProjection(int layers, int experts, ulong seed = DefaultSeed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        Layers = layers;
        Experts = experts;
        Seed = seed;
        _signs = new sbyte[layers * experts * Length];
        for (var cell = 0; cell < layers * experts; cell++)
        {
            var bits = Mix(seed + (0x9E3779B97F4A7C15UL * (ulong)(cell + 1)));
            for (var entry = 0; entry < Length; entry++)
            {
                _signs[(cell * Length) + entry] = (bits >> entry & 1) == 0 ? (sbyte)1 : (sbyte)-1;
            }
        }
    }

    /// <summary>The numbers of a signature: 64.</summary>
    public const int Length = 64;

    /// <summary>The seed when none is given.</summary>
    public const ulong DefaultSeed = 20_261_123;

    /// <summary>The MoE layers.</summary>
    public int Layers { get; }

    /// <summary>The experts of each layer.</summary>
    public int Experts { get; }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    /// <summary>
    /// Projects usage, or counts, to a signature of length 1. Even usage, or none, gives all zeros: it resembles nobody and nobody's opposite.
    /// </summary>
    /// <param name="usage">[layers, experts], finite and not negative.</param>
    /// <param name="signature">Receives 64 numbers.</param>
    /// <exception cref="ArgumentException">A length is wrong, or usage holds a number that is negative or not finite.</exception>
    public void Project(ReadOnlySpan<float> usage, Span<float> signature)
    {
        if (usage.Length != Layers * Experts)
        {
            throw new ArgumentException($"Usage has {usage.Length} numbers; {Layers} layers of {Experts} experts need {Layers * Experts}.", nameof(usage));
        }

        if (signature.Length != Length)
        {
            throw new ArgumentException($"A signature has {Length} numbers, there is room for {signature.Length}.", nameof(signature));
        }

        Span<double> sums = stackalloc double[Length];
        sums.Clear();
        for (var layer = 0; layer < Layers; layer++)
        {
            Accumulate(usage.Slice(layer * Experts, Experts), layer, sums);
        }

        double squares = 0;
        foreach (var sum in sums)
        {
            squares += sum * sum;
        }

        for (var entry = 0; entry < Length; entry++)
        {
            signature[entry] = squares > 0 ? (float)(sums[entry] / Math.Sqrt(squares)) : 0;
        }
    }

    private void Accumulate(ReadOnlySpan<float> usage, int layer, Span<double> sums)
    {
        double mean = 0;
        foreach (var count in usage)
        {
            if (!float.IsFinite(count) || count < 0)
            {
                throw new ArgumentException($"Layer {layer} has a usage of {count}: usage is finite and not negative.", nameof(usage));
            }

            mean += count;
        }

        mean /= usage.Length;
        for (var expert = 0; expert < usage.Length; expert++)
        {
            var weight = usage[expert] - mean;
            if (weight != 0)
            {
                var signs = _signs.AsSpan(((layer * Experts) + expert) * Length, Length);
                for (var entry = 0; entry < Length; entry++)
                {
                    sums[entry] += signs[entry] * weight;
                }
            }
        }
    }

    // The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    private static ulong Mix(ulong state)
    {
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EBUL;

        return state ^ (state >> 31);
    }
}
