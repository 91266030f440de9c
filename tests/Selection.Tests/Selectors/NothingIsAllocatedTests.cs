using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Selection.Tests.Oracles;

namespace EnergyTTT.Selection.Tests.Selectors;

public class NothingIsAllocatedTests
{
    public static TheoryData<BatchStep> Steps => [BatchStep.None, BatchStep.OpportunisticActivation(3), BatchStep.GreedyConsolidation(0.9f, priced: true), BatchStep.MarginalConsolidation(0.9f, 0.2)];

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_call_allocates_nothing_once_its_batch_size_has_been_seen(BatchStep step)
    {
        var shape = new SelectorShape(64, 6);
        var selector = new Selector(shape);
        var random = new Random(1);
        var epoch = new SelectionEpoch(1, "test", GateSamples.Bias(random, 64, 1), batchStep: step, prices: Enumerable.Repeat(1f, 64).ToArray(), expiresAt: DateTimeOffset.MaxValue);
        var logits = GateSamples.Make(random, 32, 64, 0);
        var experts = new int[32 * 6];
        var weights = new float[32 * 6];
        for (var warm = 0; warm < 50; warm++)
        {
            selector.Select(logits, 32, epoch, experts, weights);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var call = 0; call < 100; call++)
        {
            selector.Select(logits, 32, epoch, experts, weights);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
