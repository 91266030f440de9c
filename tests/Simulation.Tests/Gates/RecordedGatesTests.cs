using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Selection.Signatures;
using EnergyTTT.Simulation.Gates;
using Xunit;

namespace EnergyTTT.Simulation.Tests.Gates;

public sealed class RecordedGatesTests
{
    [Fact]
    public void Sixteen_random_sequences_use_as_many_experts_as_were_counted_when_they_were_recorded()
    {
        // Reference figures of the recording: 56.32 plain, 41.57 with every token at .95 or more (data/README.md).
        Assert.InRange(Distinct(BatchStep.None).Mean, 55.3, 57.3);
        var (mean, least) = Distinct(BatchStep.GreedyConsolidation(0.95f));

        Assert.InRange(mean, 40.5, 42.6);
        Assert.InRange(least, 0.95, 1);
    }

    [Fact]
    public void Usage_counts_the_top_experts_of_256_tokens()
    {
        var gates = RecordedGates.E64;

        Assert.Equal((6, 256, 32, 64, 8), (gates.Layers, gates.Sequences, gates.Positions, gates.Experts, gates.TopK));
        for (var layer = 0; layer < gates.Layers; layer++)
        {
            Assert.Equal(256 * 8, gates.Usage(layer, 17).ToArray().Sum());
        }
    }

    [Fact]
    public void Sequences_of_a_domain_are_more_alike_than_sequences_of_two()
    {
        var gates = RecordedGates.E64;
        var signatures = new UsageSignatures(gates);
        var domains = new Domains(gates, signatures, 12, 1);
        double Mean(IEnumerable<(int A, int B)> pairs) => pairs.Where(pair => pair.A != pair.B).Average(pair => SignatureSimilarity.Cosine(signatures.Of(pair.A), signatures.Of(pair.B)));
        var of = Enumerable.Range(0, domains.Count).SelectMany(domain => domains.Members(domain).Select(sequence => (domain, sequence))).ToDictionary(pair => pair.sequence, pair => pair.domain);
        var all = of.Keys.SelectMany(a => of.Keys.Select(b => (A: a, B: b))).ToList();

        var within = Mean(all.Where(pair => of[pair.A] == of[pair.B]));
        var across = Mean(all.Where(pair => of[pair.A] != of[pair.B]));

        Assert.Equal(256, of.Count);
        Assert.True(within > across + 0.2, $"within {within:F3}, across {across:F3}");
    }

    private static (double Mean, double Least) Distinct(BatchStep step)
    {
        var gates = RecordedGates.E64;
        var shape = new SelectorShape(gates.Experts, gates.TopK);
        var selector = new Selector(shape);
        var epoch = new SelectionEpoch(1, "test", new float[gates.Experts], batchStep: step);
        var order = Enumerable.Range(0, gates.Sequences).ToArray();
        new Random(3).Shuffle(order);
        var logits = new float[16 * gates.Experts];
        double sum = 0, least = 1;
        var calls = 0;
        for (var group = 0; group < order.Length; group += 16)
        {
            for (var layer = 0; layer < gates.Layers; layer++)
            {
                for (var position = 0; position < gates.Positions; position += 8, calls++)
                {
                    for (var row = 0; row < 16; row++)
                    {
                        gates.Logits(layer, order[group + row], position).CopyTo(logits.AsSpan(row * gates.Experts));
                    }

                    var statistics = selector.Select(logits, 16, epoch, new int[16 * gates.TopK], new float[16 * gates.TopK]);
                    sum += statistics.DistinctExperts;
                    least = Math.Min(least, statistics.RetainedMassMin);
                }
            }
        }

        return (sum / calls, least);
    }
}
