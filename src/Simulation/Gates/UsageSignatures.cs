using EnergyTTT.Selection.Signatures;

namespace EnergyTTT.Simulation.Gates;

/// <summary>The 64 numbers of length 1 by which requests and replicas are compared: the expert usage of every recorded sequence through the projection that all engines share.</summary>
public sealed class UsageSignatures
{
    private readonly float[][] _signatures;

    /// <summary>Computes the signature of every recorded sequence.</summary>
    /// <param name="gates">The recording.</param>
    public UsageSignatures(RecordedGates gates)
    {
        ArgumentNullException.ThrowIfNull(gates);
        var projection = new SignatureProjection(gates.Layers, gates.Experts);
        var usage = new float[gates.Layers * gates.Experts];
        _signatures = new float[gates.Sequences][];
        for (var sequence = 0; sequence < gates.Sequences; sequence++)
        {
            for (var layer = 0; layer < gates.Layers; layer++)
            {
                var counts = gates.Usage(layer, sequence);
                for (var expert = 0; expert < counts.Length; expert++)
                {
                    usage[(layer * gates.Experts) + expert] = counts[expert];
                }
            }

            projection.Project(usage, _signatures[sequence] = new float[SignatureProjection.Length]);
        }
    }

    /// <summary>Length of a signature.</summary>
    public const int Length = SignatureProjection.Length;

    /// <summary>The signature of a recorded sequence.</summary>
    public float[] Of(int sequence) => _signatures[sequence];

    /// <summary>Makes the length 1; all zeros stay.</summary>
    public static float[] Normalise(float[] vector)
    {
        ArgumentNullException.ThrowIfNull(vector);
        var norm = Math.Sqrt(vector.Sum(value => (double)value * value));

        return norm > 0 ? [.. vector.Select(value => (float)(value / norm))] : vector;
    }
}
