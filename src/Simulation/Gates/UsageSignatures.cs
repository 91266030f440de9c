namespace EnergyTTT.Simulation.Gates;

/// <summary>The 64 numbers of length 1 by which requests and replicas are compared: expert usage of all layers through one fixed, seeded projection.</summary>
public sealed class UsageSignatures
{
    /// <summary>Length of a signature.</summary>
    public const int Length = 64;

    private readonly float[][] _signatures;

    /// <summary>Computes the signature of every recorded sequence.</summary>
    /// <param name="gates">The recording.</param>
    /// <param name="seed">Seed of the projection; all signatures that are compared must share it.</param>
    public UsageSignatures(RecordedGates gates, int seed = 20261123)
    {
        ArgumentNullException.ThrowIfNull(gates);
        var random = new Random(seed);
        var projection = new float[gates.Layers * gates.Experts * Length];
        for (var i = 0; i < projection.Length; i++)
        {
            projection[i] = random.Next(2) == 0 ? -1 : 1;
        }

        _signatures = new float[gates.Sequences][];
        for (var sequence = 0; sequence < gates.Sequences; sequence++)
        {
            var signature = new float[Length];
            for (var layer = 0; layer < gates.Layers; layer++)
            {
                var usage = gates.Usage(layer, sequence);
                for (var expert = 0; expert < gates.Experts; expert++)
                {
                    // Usage minus what uniform use would be: what all sequences share says nothing about any.
                    var excess = usage[expert] - (256f * gates.TopK / gates.Experts);
                    var row = projection.AsSpan(((layer * gates.Experts) + expert) * Length, Length);
                    for (var i = 0; i < Length; i++)
                    {
                        signature[i] += excess * row[i];
                    }
                }
            }

            _signatures[sequence] = Normalise(signature);
        }
    }

    /// <summary>The signature of a recorded sequence.</summary>
    public IReadOnlyList<float> Of(int sequence) => _signatures[sequence];

    /// <summary>Makes the length 1; all zeros stay.</summary>
    public static float[] Normalise(float[] vector)
    {
        ArgumentNullException.ThrowIfNull(vector);
        var norm = Math.Sqrt(vector.Sum(value => (double)value * value));

        return norm > 0 ? [.. vector.Select(value => (float)(value / norm))] : vector;
    }

    /// <summary>Cosine of two signatures, -1 to 1; 0 when one is all zeros.</summary>
    public static double Cosine(IReadOnlyList<float> left, IReadOnlyList<float> right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        double product = 0, a = 0, b = 0;
        for (var i = 0; i < left.Count; i++)
        {
            product += left[i] * right[i];
            a += left[i] * left[i];
            b += right[i] * right[i];
        }

        return a > 0 && b > 0 ? product / Math.Sqrt(a * b) : 0;
    }
}
