using EnergyTTT.Selection.Signatures;

namespace EnergyTTT.Simulation.Gates;

/// <summary>Recorded sequences grouped by what they use: the domains that a mixed load is made of. Spherical k-means over the signatures, seeded.</summary>
public sealed class Domains
{
    private const int Rounds = 30;
    private readonly int[][] _members;

    /// <summary>Groups the sequences.</summary>
    /// <param name="gates">The recording.</param>
    /// <param name="signatures">Its signatures.</param>
    /// <param name="count">Number of domains, 1 to the number of sequences.</param>
    /// <param name="seed">Chooses the first centres.</param>
    public Domains(RecordedGates gates, UsageSignatures signatures, int count, int seed)
    {
        ArgumentNullException.ThrowIfNull(gates);
        ArgumentNullException.ThrowIfNull(signatures);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, gates.Sequences);
        var random = new Random(seed);
        var order = Enumerable.Range(0, gates.Sequences).ToArray();
        random.Shuffle(order);
        var centres = order.Take(count).Select(sequence => signatures.Of(sequence)).ToArray();
        var owner = new int[gates.Sequences];
        for (var round = 0; round < Rounds; round++)
        {
            for (var sequence = 0; sequence < owner.Length; sequence++)
            {
                var best = double.NegativeInfinity;
                for (var domain = 0; domain < count; domain++)
                {
                    var cosine = SignatureSimilarity.Cosine(signatures.Of(sequence), centres[domain]);
                    if (cosine > best)
                    {
                        (best, owner[sequence]) = (cosine, domain);
                    }
                }
            }

            for (var domain = 0; domain < count; domain++)
            {
                var sum = new float[UsageSignatures.Length];
                for (var sequence = 0; sequence < owner.Length; sequence++)
                {
                    for (var i = 0; owner[sequence] == domain && i < sum.Length; i++)
                    {
                        sum[i] += signatures.Of(sequence)[i];
                    }
                }

                centres[domain] = sum.Any(value => value != 0) ? UsageSignatures.Normalise(sum) : centres[domain];
            }
        }

        _members = [.. Enumerable.Range(0, count).Select(domain => Enumerable.Range(0, owner.Length).Where(sequence => owner[sequence] == domain).ToArray()).Where(members => members.Length > 0)];
    }

    /// <summary>Number of domains that have a sequence.</summary>
    public int Count => _members.Length;

    /// <summary>The sequences of a domain.</summary>
    public IReadOnlyList<int> Members(int domain) => _members[domain];
}
